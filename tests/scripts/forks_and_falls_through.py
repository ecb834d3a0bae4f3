"""Forks, and lets the child return from run() as well."""

import os
from pathlib import Path


def run(mini_batch):
    os.fork()
    return [Path(path).name for path in mini_batch]
