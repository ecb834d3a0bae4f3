"""What each attempt at a chunk leaves for whoever looks at the job: its tries that failed, and where its time went.

Each has a file of its own in the job's folder, put there whole when it ends: first a line for each failed try, in the
order of the mini-batches, and last the attempt itself. One that was killed leaves none; a run of the job that goes on
has another generation, so none is replaced.
"""

import heapq
import json
import time
from collections.abc import Iterator
from itertools import groupby
from math import inf
from pathlib import Path
from typing import TextIO

from pydantic import Field

from scoring.facts import Facts, Fault, Record
from scoring.job import Job
from scoring.planning import Chunk
from scoring.samples import Sample
from scoring.storage import Folder
from scoring.telemetry import Tried, is_asked_for, tell_of_tries

ATTEMPTS = "attempts"


class FailedTry(Record):
    """A try of a mini-batch that failed, whether or not a later one succeeded."""

    mini_batch: int
    number: int = Field(description="Of the try, from 1 on in each run of the job.")
    slot: int
    began: float = Field(description="When the slot turned to the mini-batch, in seconds since 1970.")
    waiting: float = Field(0.0, description="Seconds from then on until it was known and a scoring process was ready.")
    fetching: float = Field(0.0, description="Seconds that it waited for files after that.")
    seconds: float = Field(description="Of the calls of run() that failed.")
    files: int
    calls: int = Field(0, description="Of run() that isolating its culprits took.")
    saved: int = Field(0, description="Files that these scored.")
    fault: Fault = Field(description="With its traceback where the log has it too.")


class Attempt(Record):
    """One attempt at a chunk. Times are seconds since 1970, counts are files."""

    chunk: Chunk
    number: int
    generation: int
    slot: int
    began: float
    ended: float
    scored: int
    failed_tries: int
    is_whole: bool = Field(description="Whether each mini-batch of the chunk had its turn.")
    stored: dict[int, float] = Field(description="Seconds that storing each part took, by its last mini-batch.")
    samples: tuple[Sample, ...]


class AttemptWriter:
    """Writes down one attempt. Used by the thread of its slot."""

    def __init__(self, job: Job, chunk: Chunk, number: int, slot: int, scratch: Path) -> None:
        """Begin; the attempt begins as well."""
        self._job, self._chunk, self._number, self._slot = job, chunk, number, slot
        self._path = scratch / "attempt.jsonl"
        self._file: TextIO | None = None
        self._began = time.time()
        self._failed = 0
        self._tried: list[Tried] | None = [] if is_asked_for() else None

    def add(self, facts: Facts, fault: Fault) -> None:
        """Write down a failed try."""
        told = FailedTry(
            mini_batch=facts.mini_batch,
            number=facts.tries,
            slot=facts.slot,
            began=facts.began,
            waiting=facts.wait_seconds,
            fetching=facts.fetch_seconds,
            seconds=facts.failed_seconds,
            files=facts.files,
            calls=facts.calls,
            saved=facts.scored if facts.calls else 0,
            fault=fault.model_copy(update={"bases": ()}),
        )
        self._failed += 1
        self._write(told)

    def note(self, facts: Facts) -> None:
        """Keep what a try came to, to be told of at the end where spans are asked for."""
        if self._tried is not None:
            self._tried.append((facts, time.time()))

    def store(self, scored: int, stored: dict[int, float], samples: tuple[Sample, ...], *, is_whole: bool) -> None:
        """Put what was written into the job's folder; the attempt is over."""
        self._write(
            Attempt(
                chunk=self._chunk,
                number=self._number,
                generation=self._job.generation,
                slot=self._slot,
                began=round(self._began, 3),
                ended=round(time.time(), 3),
                scored=scored,
                failed_tries=self._failed,
                is_whole=is_whole,
                stored=stored,
                samples=samples,
            )
        )
        self.close()
        self._job.folder.put(self._path, f"{ATTEMPTS}/{self._name}")
        tell_of_tries(self._job, self._tried or ())

    def close(self) -> None:
        """Write nothing more."""
        if self._file is not None:
            self._file.close()

    @property
    def _name(self) -> str:
        """Sorts by chunk, then by the order in which the attempts were made."""
        return f"{self._chunk.name}.{self._job.generation:09d}.{self._number:04d}.jsonl"

    def _write(self, told: Record) -> None:
        if self._file is None:
            self._file = self._path.open("w")
        self._file.write(told.model_dump_json(exclude_defaults=True) + "\n")


def lines_of(folder: Folder, name: str) -> Iterator[FailedTry | Attempt]:
    """What one attempt wrote down: its failed tries, then itself."""
    with folder.open(name) as lines:
        for line in lines:
            told = json.loads(line)
            yield FailedTry.model_validate(told) if "fault" in told else Attempt.model_validate(told)


def lines_of_all(folder: Folder) -> Iterator[FailedTry | Attempt]:
    """What all attempts wrote down, chunk by chunk; of each the failed tries in the order of their mini-batches."""
    for _, names in groupby(folder.names(), _chunk_in):
        yield from heapq.merge(*(lines_of(folder, name) for name in names), key=_order_of)


def _chunk_in(name: str) -> str:
    return name.partition(".")[0]


def _order_of(line: FailedTry | Attempt) -> float:
    """Failed tries go by their mini-batches, an attempt comes after its own."""
    return line.mini_batch if isinstance(line, FailedTry) else inf
