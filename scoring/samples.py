"""What scoring processes take of their machine, looked at every few seconds by one thread."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from threading import Event, Lock, Thread

import psutil
from pydantic import Field

from scoring.facts import Record
from scoring.gpus import Gpus
from scoring.guardian import ON_LINUX, family
from scoring.process import ScoringProcess

SECONDS_BETWEEN = 5.0
FIRST_BETWEEN = 0.5
SHARE_OF_AGE = 10
"""A job of seconds is looked at more often: each look follows after a tenth of the time that has gone."""
ALL_ALIKE = 250
"""Later a look follows after this part of the time that has gone: 2,000 looks are enough for more than a week."""


class Sample(Record):
    """What the process of a slot and all below it took at one moment."""

    time: float = Field(description="Seconds since 1970.")
    slot: int
    pid: int = Field(description="Of the process that runs the script.")
    cpu_seconds: float = Field(description="Of the process and its descendants since they began.")
    memory_bytes: int = Field(description="Resident; what processes share counts for each of them.")
    gpu_memory_bytes: int | None = Field(None, description="On all GPUs; None where there is none that can be asked.")


class Sampler:
    """Looks at scoring processes and keeps what it saw until somebody takes it. Its thread ends with the fleet."""

    def __init__(self, processes: Callable[[], Iterable[ScoringProcess]], ended: Event) -> None:
        """Look at nothing yet.

        Args:
            processes: gives those that there are.
            ended: is set when there will be none any more.
        """
        self._processes, self._ended = processes, ended
        self._began = time.monotonic()
        self._gpus = Gpus()
        self._lock = Lock()
        self._kept: dict[int, list[Sample]] = defaultdict(list)
        self._thread: Thread | None = None

    def begin(self) -> None:
        """Look every few seconds from now on; by one caller at a time."""
        if self._thread is None:
            self._thread = Thread(target=self._run, name="look-at-processes", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while not self._ended.wait(pause_after(time.monotonic() - self._began)):
            for process in self._processes():
                self._look_at(process)

    def _look_at(self, process: ScoringProcess) -> None:
        sample = self._sample_of(process)
        if sample is not None:
            with self._lock:
                self._kept[sample.slot].append(sample)

    def _sample_of(self, process: ScoringProcess) -> Sample | None:
        pids = below(process.pid)
        taken = [one for pid in pids if (one := _taken_by(pid)) is not None]
        if not taken:
            return None
        return Sample(
            time=round(time.time(), 3),
            slot=process.launch.slot,
            pid=pids[0],
            cpu_seconds=round(sum(cpu for cpu, _ in taken), 3),
            memory_bytes=sum(memory for _, memory in taken),
            gpu_memory_bytes=self._gpus.memory_of(pids),
        )

    def take(self, process: ScoringProcess | None, slot: int) -> tuple[Sample, ...]:
        """What was seen of a slot since the last time, and a look at the process that it has now."""
        if process is not None:
            self._look_at(process)
        with self._lock:
            return tuple(self._kept.pop(slot, ()))


def pause_after(age: float) -> float:
    """Seconds until the next look, so many seconds after the first process was started."""
    return max(FIRST_BETWEEN, min(SECONDS_BETWEEN, age / SHARE_OF_AGE), age / ALL_ALIKE)


def below(pid: int) -> list[int]:
    """Process ids of all descendants of a process, children first; none when it is gone."""
    if ON_LINUX:
        found: list[int] = family(pid)  # type: ignore[no-untyped-call]
        return found
    try:
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    except psutil.Error:
        return []


def _taken_by(pid: int) -> tuple[float, int] | None:
    """CPU seconds, of children that have ended too, and bytes of memory of one process; None when it is gone."""
    try:
        process = psutil.Process(pid)
        return sum(process.cpu_times()[:4]), process.memory_info().rss
    except psutil.Error:
        return None
