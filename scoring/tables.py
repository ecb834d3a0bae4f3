"""Tables of a job for people and programs that look at it: its mini-batches, failed tries and samples, as CSV.

They are written anew each time that the job ends, from what its parts, facts and attempts say: a job that goes on
neither loses a row nor has one twice.
"""

import csv
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Self

from scoring.attempts import ATTEMPTS, FailedTry, lines_of_all
from scoring.facts import Facts, Fault
from scoring.held_folder import HeldFolder
from scoring.job import Job
from scoring.ledger import Entry, entries
from scoring.relay import LOGS
from scoring.samples import Sample

MINI_BATCHES = "mini-batches.csv"
FAILED_TRIES = "failed-tries.csv"
RESOURCES = "resources.csv"
COLUMNS = {
    MINI_BATCHES: (
        *("mini_batch", "slot", "files", "scored", "failed", "rows", "tries"),
        *("began", "waiting", "fetching", "scoring", "writing", "exit"),
    ),
    FAILED_TRIES: (
        *("mini_batch", "try", "slot", "began", "waiting", "fetching", "seconds"),
        *("exit", "where", "message"),
    ),
    RESOURCES: ("time", "slot", "pid", "cpu_seconds", "memory_bytes", "gpu_memory_bytes"),
}
LONGEST_MESSAGE = 300  # characters of a fault's first line
OK = "ok"


class Tables:
    """A job's tables while they are written, in a `with`: put into the job's folder when that ends well."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def __enter__(self) -> Self:
        self._held = HeldFolder("tables")
        self._scratch = self._held.path
        self._storing: dict[int, float] = {}
        samples: list[Sample] = []
        with self._open(FAILED_TRIES) as file:
            rows = csv.writer(file, lineterminator="\n")
            for line in lines_of_all(self._job.folder.folder(ATTEMPTS)):
                if isinstance(line, FailedTry):
                    rows.writerow(_row_of_failed_try(line))
                else:
                    self._storing |= line.stored
                    samples += line.samples
        self._write_samples(samples)
        self._file = self._open(MINI_BATCHES)
        self._rows = csv.writer(self._file, lineterminator="\n")
        return self

    def _open(self, name: str) -> Any:
        file = (self._scratch / name).open("w", encoding="utf-8", newline="")
        csv.writer(file, lineterminator="\n").writerow(COLUMNS[name])
        return file

    def _write_samples(self, samples: list[Sample]) -> None:
        with self._open(RESOURCES) as file:
            ordered = sorted(samples, key=lambda sample: (sample.time, sample.slot))
            csv.writer(file, lineterminator="\n").writerows(map(_row_of_sample, ordered))

    def add(self, entry: Entry) -> None:
        """Write the row of a mini-batch, if it was tried."""
        facts = entry.frame.facts if entry.frame else entry.facts
        if facts is not None and facts.tries:
            storing = self._storing.get(facts.mini_batch, 0.0) if entry.frame else 0.0
            self._rows.writerow(_row_of_mini_batch(facts, storing))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()
        try:
            if kind is None:
                self._job.lease.check()
                for name in COLUMNS:
                    self._job.folder.put(self._scratch / name, f"{LOGS}/{name}")
        finally:
            self._held.remove()


def write_tables(job: Job) -> None:
    """Write the tables of a job that ends without an output, if it was listed. Raises: SupersededError, StoreError."""
    if not job.is_listed:
        return
    with Tables(job) as tables:
        for entry in entries(job):
            tables.add(entry)


def _row_of_mini_batch(facts: Facts, storing: float) -> Iterable[object]:
    return (
        facts.mini_batch,
        facts.slot,
        facts.files,
        facts.scored if facts.is_final else 0,
        len(facts.failed),
        facts.rows,
        facts.tries,
        f"{facts.began:.3f}",
        f"{facts.wait_seconds:.6f}",
        f"{facts.fetch_seconds:.6f}",
        f"{facts.seconds + facts.failed_seconds:.6f}",
        f"{storing:.6f}",
        facts.faults[0].error if facts.faults else OK,
    )


def _row_of_failed_try(told: FailedTry) -> Iterable[object]:
    fault = told.fault
    return (
        told.mini_batch,
        told.number,
        told.slot,
        f"{told.began:.3f}",
        f"{told.waiting:.6f}",
        f"{told.fetching:.6f}",
        f"{told.seconds:.6f}",
        fault.error,
        str(fault.where) if fault.where else "",
        first_line(fault),
    )


def first_line(fault: Fault) -> str:
    """The beginning of a fault's message, to stand in a row."""
    return fault.message.strip().split("\n", 1)[0][:LONGEST_MESSAGE]


def _row_of_sample(sample: Sample) -> Iterable[object]:
    on_gpus = sample.gpu_memory_bytes
    return (
        f"{sample.time:.3f}",
        sample.slot,
        sample.pid,
        f"{sample.cpu_seconds:.3f}",
        sample.memory_bytes,
        "" if on_gpus is None else on_gpus,
    )
