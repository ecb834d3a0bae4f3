"""What the slots of a job did with their time, summed from its tables in one pass."""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import inf, sqrt
from statistics import median
from typing import Self

from scoring.recorded import FailedTry, Sample, Tried, read_failed_tries, read_samples, read_tried
from scoring.storage import Folder

SURE = 2.0
"""Standard errors by which something must differ from nothing to count."""


@dataclass
class SlotWork:
    """One slot's part of the job. Durations are seconds, moments seconds since 1970, memory bytes."""

    mini_batches: int = 0
    files: int = 0
    failed_tries: int = 0
    starting: float = 0.0
    fetching: float = 0.0
    scoring: float = 0.0
    writing: float = 0.0
    began: float = inf
    ended: float = -inf
    memory: int = 0
    gpu_memory: int = 0
    cpu_share: float | None = None

    def turn(self, row: Tried | FailedTry) -> None:
        """Take in when it turned to a mini-batch; before its first one it waits for its process to start."""
        if row.began < self.began:
            self.began, self.starting = row.began, row.waiting

    @property
    def busy(self) -> float:
        """Seconds in which it did not stand idle."""
        return self.starting + self.fetching + self.scoring + self.writing

    @property
    def seconds_per_file(self) -> float:
        """That the script took for each of its files."""
        return self.scoring / self.files if self.files else 0.0


@dataclass
class Line:
    """A straight line through points, by least squares: what calls of run() cost, by how many files they had."""

    points: int = 0
    _x: float = 0.0
    _y: float = 0.0
    _xx: float = 0.0
    _xy: float = 0.0
    _yy: float = 0.0

    def add(self, x: float, y: float) -> None:
        """Take in a point."""
        self.points += 1
        self._x += x
        self._y += y
        self._xx += x * x
        self._xy += x * y
        self._yy += y * y

    def at_zero(self) -> float:
        """Where it meets x = 0, as far as the points make sure of it; 0 where they do not."""
        n = self.points
        spread = self._xx - self._x**2 / n if n > 2 else 0.0
        if spread <= 0:
            return 0.0
        slope = (self._xy - self._x * self._y / n) / spread
        at_zero = (self._y - slope * self._x) / n
        unexplained = max(0.0, self._yy - self._y**2 / n - slope**2 * spread)
        error = sqrt(unexplained / (n - 2) * (1 / n + (self._x / n) ** 2 / spread))
        return max(0.0, min(at_zero, self._y / n)) if at_zero > SURE * error else 0.0


@dataclass
class Work:
    """All slots' work."""

    slots: dict[int, SlotWork] = field(default_factory=dict)
    calls: Line = field(default_factory=Line)
    seconds: "array[float]" = field(default_factory=lambda: array("d"))
    gaps: "array[float]" = field(default_factory=lambda: array("d"))
    retried: int = 0
    has_gpu: bool = False

    @classmethod
    def of(cls, job: Folder) -> Self:
        """The work that a job's tables tell of. Raises: StoreError."""
        return cls().summed(read_tried(job), read_failed_tries(job), read_samples(job))

    def summed(self, tried: Iterable[Tried], failed: Iterable[FailedTry], samples: Iterable[Sample]) -> Self:
        """The same, with rows of the tables."""
        failed_in_the_end: dict[int, int] = {}
        for row in tried:
            self._add(row)
            if not row.is_ok:
                failed_in_the_end[row.mini_batch] = row.tries
        for each in failed:
            self._add_failed(each, is_counted=failed_in_the_end.get(each.mini_batch) == each.number)
        self._add_samples(samples)
        return self

    def _add(self, row: Tried) -> None:
        slot = self.slots.setdefault(row.slot, SlotWork())
        is_first = not slot.mini_batches
        slot.turn(row)
        if not is_first and row.called - row.fetching > slot.ended:
            self.gaps.append(row.called - row.fetching - slot.ended)
        if row.is_ok and not is_first:  # the first call may warm up what the others use
            self.calls.add(row.files, row.scoring)
        slot.mini_batches += 1
        slot.files += row.files
        slot.fetching += row.fetching
        slot.scoring += row.scoring
        slot.writing += row.writing
        slot.ended = max(slot.ended, row.ended)
        self.seconds.append(row.scoring)
        self.retried += row.tries > 1

    def _add_failed(self, row: FailedTry, *, is_counted: bool) -> None:
        slot = self.slots.setdefault(row.slot, SlotWork())
        slot.failed_tries += 1
        slot.turn(row)
        if not is_counted:
            slot.fetching += row.fetching
            slot.scoring += row.seconds
            slot.ended = max(slot.ended, row.ended)

    def _add_samples(self, samples: Iterable[Sample]) -> None:
        seen: dict[tuple[int, int], tuple[Sample, Sample]] = {}
        for sample in samples:
            slot = self.slots.setdefault(sample.slot, SlotWork())
            slot.memory = max(slot.memory, sample.memory_bytes)
            if sample.gpu_memory_bytes is not None:
                self.has_gpu = True
                slot.gpu_memory = max(slot.gpu_memory, sample.gpu_memory_bytes)
            first, _ = seen.setdefault((sample.slot, sample.pid), (sample, sample))
            seen[sample.slot, sample.pid] = first, sample
        for (number, _), (first, last) in seen.items():
            if last.time > first.time:
                self.slots[number].cpu_share = (last.cpu_seconds - first.cpu_seconds) / (last.time - first.time)

    @property
    def began(self) -> float:
        """When the first slot turned to its first mini-batch, in seconds since 1970."""
        return min((slot.began for slot in self.slots.values()), default=inf)

    @property
    def ended(self) -> float:
        """When the last call of run() ended, in seconds since 1970."""
        return max((slot.ended for slot in self.slots.values()), default=-inf)

    @property
    def span(self) -> float:
        """Seconds from the one to the other; 0 where nothing was tried."""
        return max(0.0, self.ended - self.began)

    @property
    def first_start(self) -> float:
        """Seconds that the slot which was ready first waited for its process."""
        return min((slot.starting for slot in self.slots.values() if slot.mini_batches), default=0.0)

    @property
    def files(self) -> int:
        """Files of the mini-batches that were tried."""
        return sum(slot.files for slot in self.slots.values())

    @property
    def mini_batches(self) -> int:
        """Mini-batches that were tried."""
        return len(self.seconds)

    @property
    def between(self) -> float:
        """Seconds that usually pass between two calls of run() on a slot."""
        return median(self.gaps) if self.gaps else 0.0

    def sum_of(self, part: str) -> float:
        """Seconds of starting, fetching, scoring or writing, of all slots."""
        return float(sum(getattr(slot, part) for slot in self.slots.values()))

    def idle(self, slots: int) -> float:
        """Seconds that so many slots stood idle, or that nobody knows of."""
        return max(0.0, self.span * slots - sum(slot.busy for slot in self.slots.values()))

    def alone_at_the_end(self, slots: int) -> float:
        """Seconds by which the last one ended later than if so many slots had ended together."""
        ends = [slot.ended - self.began for slot in self.slots.values() if slot.mini_batches]
        return max(ends) - sum(ends) / slots if ends else 0.0

    @property
    def memory(self) -> int:
        """Most bytes that one scoring process had."""
        return max((slot.memory for slot in self.slots.values()), default=0)
