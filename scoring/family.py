"""What a process takes of its machine, with all that it has started."""

from contextlib import suppress
from pathlib import Path

import psutil

STATUS = "/proc/{}/status"
SCHEDULED = "/proc/{}/schedstat"
PEAK = "VmHWM:"


class Family:
    """The processes below one; those that are gone count with what was last seen of them."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._memory = 0
        self._cpu: dict[int, float] = {}

    def look(self) -> None:
        """Take in what they have now."""
        total = 0
        for process in self._all():
            with suppress(psutil.Error):
                total += _peak_of(process)
                times = process.cpu_times()
                self._cpu[process.pid] = times.user + times.system
        self._memory = max(self._memory, total)

    def _all(self) -> list[psutil.Process]:
        try:
            return psutil.Process(self._pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def peak(self) -> int | None:
        """Bytes of memory that they had at most; None where they were never seen."""
        self.look()
        return self._memory or None

    def waited(self) -> float:
        """Seconds that they could have run, and other processes did; 0 where the system does not tell."""
        return sum(_waited(process.pid) for process in self._all())

    def cpu(self) -> float:
        """Seconds of CPU that they have taken."""
        self.look()
        return sum(self._cpu.values())


def _waited(pid: int) -> float:
    with suppress(OSError, ValueError, IndexError):
        return int(Path(SCHEDULED.format(pid)).read_text().split()[1]) / 1e9
    return 0.0


def _peak_of(process: psutil.Process) -> int:
    """Bytes that it had at most, where the system remembers that, and else those that it has."""
    with suppress(OSError, ValueError):
        for line in Path(STATUS.format(process.pid)).read_text().splitlines():
            if line.startswith(PEAK):
                return int(line.split()[1]) * 1024
    return int(process.memory_info().rss)
