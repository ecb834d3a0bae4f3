"""Raises the first time it sees each bad file."""

import os
from pathlib import Path

SEEN = Path(os.environ["SEEN"])


def run(mini_batch):
    for path in mini_batch:
        marker = SEEN / Path(path).name
        if "bad" in path and not marker.exists():
            marker.touch()
            raise ConnectionError("the feature store is busy")
    return [Path(path).name for path in mini_batch]
