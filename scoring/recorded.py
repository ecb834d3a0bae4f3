"""A job's tables as they are read back: its mini-batches, failed tries and samples, row by row."""

import csv
import io
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from scoring.relay import LOGS
from scoring.storage import Folder
from scoring.tables import FAILED_TRIES, MINI_BATCHES, OK, RESOURCES


class Tried(NamedTuple):
    """What one mini-batch came to; seconds are those of its last try."""

    mini_batch: int
    slot: int
    files: int
    scored: int
    failed: int
    rows: int
    tries: int
    began: float
    waiting: float
    fetching: float
    scoring: float
    writing: float
    exit: str

    @property
    def is_ok(self) -> bool:
        """Whether its last try ended without a fault."""
        return self.exit == OK

    @property
    def called(self) -> float:
        """When its files were handed to the script, in seconds since 1970."""
        return self.began + self.waiting + self.fetching

    @property
    def ended(self) -> float:
        """When the script was done with it, in seconds since 1970."""
        return self.called + self.scoring


class FailedTry(NamedTuple):
    """A try that failed, also where a later one succeeded."""

    mini_batch: int
    number: int
    slot: int
    began: float
    waiting: float
    fetching: float
    seconds: float
    exit: str
    where: str
    message: str

    @property
    def called(self) -> float:
        """When its files were handed to the script, in seconds since 1970."""
        return self.began + self.waiting + self.fetching

    @property
    def ended(self) -> float:
        """When the script had failed, in seconds since 1970; what isolated its culprits came after that."""
        return self.called + self.seconds


class Sample(NamedTuple):
    """What a slot's scoring process, with all below it, took at one moment."""

    time: float
    slot: int
    pid: int
    cpu_seconds: float
    memory_bytes: int
    gpu_memory_bytes: int | None


def read_tried(job: Folder) -> Iterator[Tried]:
    """A row for each mini-batch that was tried, in order; none where the job has no such table. Raises: StoreError."""
    for row in _rows(job, MINI_BATCHES):
        yield Tried._make((*map(int, row[:7]), *map(float, row[7:12]), row[12]))


def read_failed_tries(job: Folder) -> Iterator[FailedTry]:
    """A row for each try that failed, where the job has such a table. Raises: StoreError."""
    for row in _rows(job, FAILED_TRIES):
        yield FailedTry._make((*map(int, row[:3]), *map(float, row[3:7]), *row[7:10]))


def read_samples(job: Folder) -> Iterator[Sample]:
    """Each look at a scoring process, where the job has such a table. Raises: StoreError."""
    kinds: tuple[Callable[[str], Any], ...] = (float, int, int, float, int, lambda text: int(text) if text else None)
    for row in _rows(job, RESOURCES):
        yield Sample(*(kind(text) for kind, text in zip(kinds, row, strict=False)))


def _rows(job: Folder, name: str) -> Iterator[list[str]]:
    """The rows below a table's header."""
    logs = job.folder(LOGS)
    if not logs.exists(name):
        return
    with io.TextIOWrapper(logs.open(name), encoding="utf-8", newline="") as text:
        rows = csv.reader(text)
        next(rows, None)
        yield from rows
