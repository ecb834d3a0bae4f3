"""Writes down each file it is given; raises over a bad one for as long as BROKEN is there."""

import os
from pathlib import Path

LOG, BROKEN = Path(os.environ["LOG"]), Path(os.environ["BROKEN"])


def run(mini_batch):
    with LOG.open("a") as log:
        log.writelines(Path(path).name + "\n" for path in mini_batch)
    if BROKEN.exists() and any("bad" in path for path in mini_batch):
        raise ConnectionError("the feature store is down")
    return [Path(path).name for path in mini_batch]
