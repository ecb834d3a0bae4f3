"""What all peers have in common: the seam they stand behind, the script they run, the rows they write."""

import sys
from collections.abc import Callable, Iterable
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Protocol, cast

import pandas as pd

from benchmarks.work import Work

ROWS = "predictions.csv"
Rows = pd.DataFrame | list[str]
Write = Callable[[Iterable[Rows]], None]
NAMES = {
    "loop": "loop",
    "pool": "pool",
    "dask": "dask_futures",
    "dask-grouped": "dask_groups",
    "ray": "ray_data",
    "prefect-dask": "prefect_dask",
}


class Peer(Protocol):
    """A module that scores a job in its own way."""

    def score(self, work: Work, write: Write) -> None:
        """Start what it needs, score every mini-batch, hand all that run() returned to `write`, and clean up."""


def find(name: str) -> Peer:
    """The peer of a name. Raises: KeyError."""
    return cast("Peer", import_module(f"benchmarks.peers.{NAMES[name]}"))


def load(code: str) -> ModuleType:
    """Import the scoring script, without init(), in this process."""
    if code not in sys.path:
        sys.path.insert(0, code)
    return import_module("timed")


@cache
def ready(code: str) -> ModuleType:
    """The scoring script with init() behind it; once per process."""
    script = load(code)
    script.init()
    return script


def write_rows(output: Path, results: Iterable[Rows]) -> None:
    """Write all rows into one CSV file in a folder that appears whole."""
    found = list(results)
    frames = [rows if isinstance(rows, pd.DataFrame) else pd.DataFrame({"prediction": rows}) for rows in found]
    half = output.with_suffix(".half")
    half.mkdir()
    pd.concat(frames).to_csv(half / ROWS, index=False)
    half.rename(output)
