"""Leaves out bad files; each row names its file."""

from pathlib import Path


def run(mini_batch):
    return [{"file": Path(path).name, "digit": 7} for path in mini_batch if "bad" not in path]
