"""Its first process scores, then dies; no other one starts."""

import os
from pathlib import Path

MARKER = Path(os.environ["MARKER"])


def init():
    if MARKER.exists():
        raise RuntimeError("the license server knows this machine already")  # here
    MARKER.touch()


def run(mini_batch):
    if "bad" in mini_batch[0]:
        os._exit(1)
    return mini_batch
