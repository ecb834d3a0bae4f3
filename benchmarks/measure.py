"""One job of one system, from the start of its process to the end of its last one."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import psutil

from benchmarks import marks
from benchmarks.errors import BenchmarkError
from benchmarks.memory import MemoryWatch
from benchmarks.systems.system import Started, System
from benchmarks.work import Work

ROWS = "predictions.csv"
POLL = 0.01
"""Seconds between two looks for the output, which is as exact as times are."""
LOOK = 1.0
"""Seconds between two looks for the job's processes: finding them costs some CPU."""
SILENCE = 10.0
"""Seconds without a process of the job after which it is over; between the command and the flow there may be none."""


@dataclass(frozen=True)
class Times:
    """When what happened, in seconds of time.monotonic()."""

    began: float
    there: float
    """The output was there, whole."""
    gone: float
    """No process of the job was left."""
    marks: marks.Marks


@dataclass(frozen=True)
class Memory:
    """Peaks in bytes by role: of the job's own processes, and of those that outlive it."""

    job: dict[str, int]
    servers: dict[str, int]


def measure(system: System, work: Work) -> Times:
    """Run a job and leave it alone meanwhile. Raises: BenchmarkError when it fails."""
    clear(work)
    began = time.monotonic()
    with running(system, work) as started:
        there = await_output(work.output, started)
        gone = await_end(started)
    return Times(began, there, gone, marks.read(work.marks))


def measure_watched(system: System, work: Work) -> tuple[Times, Memory]:
    """Run a job and watch its memory, which makes it slower. Raises: BenchmarkError when it fails."""
    clear(work)
    with MemoryWatch(system.servers) as servers:
        began = time.monotonic()
        with running(system, work) as started, MemoryWatch(started.roles) as job:
            there = await_output(work.output, started)
            gone = await_end(started)
    return Times(began, there, gone, marks.read(work.marks)), Memory(job.peaks, servers.peaks)


@contextmanager
def running(system: System, work: Work) -> Iterator[Started]:
    """A job that was started; none of its processes is left when something goes wrong, or the user has had enough."""
    started = system.start(work)
    try:
        yield started
    except BaseException:
        for process in chain.from_iterable(started.roles().values()):
            with suppress(psutil.NoSuchProcess):
                process.kill()
        raise


def clear(work: Work) -> None:
    """Remove what an earlier job left."""
    shutil.rmtree(work.output, ignore_errors=True)
    marks.clear(work.marks)


def await_output(output: Path, started: Started) -> float:
    """When the rows were there. Raises: BenchmarkError when the job ends without them."""
    alive = looked = time.monotonic()
    while not (output / ROWS).exists():
        now = time.monotonic()
        if now - looked > LOOK:
            started.check()
            alive = now if any(started.roles().values()) else alive
            looked = now
        if now - alive > SILENCE:
            raise BenchmarkError(f"the job has ended and left no rows in {output}")
        time.sleep(POLL)
    return time.monotonic()


def await_end(started: Started) -> float:
    """When no process of the job was left. Raises: BenchmarkError when the job failed after all."""
    while any(started.roles().values()):
        time.sleep(LOOK / 10)
    started.check()
    return time.monotonic()
