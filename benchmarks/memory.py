"""Peak memory of a job's processes."""

import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

import psutil

from benchmarks.systems.system import Roles

EVERY = 0.1
"""Seconds between two looks, at least."""
SHARE = 0.1
"""Of one core that looking may take."""
ALL = "all"


class MemoryWatch:
    """Looks at processes again and again while it is entered, in a thread of its own.

    Counted is the proportional set size: a page that n processes share counts 1/n for each, so that sums are true also
    for processes that were forked. Reading it costs milliseconds for each process: runs that are timed do without.
    """

    def __init__(self, roles: Callable[[], Roles]) -> None:
        self.peaks: dict[str, int] = {}
        """Bytes by role, each at its own peak, and of all roles together at theirs."""
        self._roles = roles
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        took = 0.0
        while not self._over.wait(max(EVERY, took / SHARE)):
            began = time.monotonic()
            seen = {role: memory(processes) for role, processes in self._roles().items()}
            if seen:
                seen[ALL] = sum(seen.values())
            for role, size in seen.items():
                self.peaks[role] = max(size, self.peaks.get(role, 0))
            took = time.monotonic() - began


def memory(processes: Sequence[psutil.Process]) -> int:
    """Bytes of the proportional set size of processes; those that end meanwhile count nothing."""
    return sum(_proportional(process) for process in processes)


def _proportional(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:
        return 0
