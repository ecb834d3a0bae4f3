"""How fast a job goes, and how long it still takes, from what has happened by now."""

import heapq
import math
from collections.abc import Iterable

from scoring.slot_states import SlotState

QUICK = 0.5  # seconds of a mini-batch below which only the job's own rate counts: what lies between two is no trifle
TURNS_PLAYED = 50  # of mini-batches for each slot; where more are left, the last turn is a trifle


class Pace:
    """Takes in what was settled, and when; its clock is seconds since 1970."""

    def __init__(self, size: int, slots: int) -> None:
        """Begin with nothing settled; `size` is the files of a mini-batch, at most."""
        self._size, self._slots = size, slots
        self._files = self._mini_batches = 0
        self._seconds = 0.0
        self._began: float | None = None
        self._last = 0.0

    def count(self, files: int, mini_batches: int, seconds: float, now: float) -> None:
        """Add mini-batches that were settled, with the seconds that their slots took for them, summed."""
        if not mini_batches:
            return
        if self._began is None:
            self._began = now - seconds / mini_batches
        self._files += files
        self._mini_batches += mini_batches
        self._seconds += seconds
        self._last = now

    @property
    def per_second(self) -> float | None:
        """Files that are settled in a second; None before there are any."""
        if self._began is None or self._last <= self._began:
            return None
        return self._files / (self._last - self._began)

    def left(self, files: int, slots: Iterable[SlotState], now: float) -> float | None:
        """Seconds until so many files are settled that are not yet; None while nothing is known.

        Where mini-batches take long, their turns are played through: the last ones leave slots without work, and what a
        slot has begun is partly done.
        """
        rate = self.per_second
        if rate is None:
            return None
        each = self._seconds / self._mini_batches
        begun = [each - (now - state.since) for state in slots if state.activity == "scoring"]
        waiting = max(0, math.ceil(files / self._size) - len(begun))
        if each < QUICK or waiting > TURNS_PLAYED * self._slots:
            return max(0.0, files / rate - (now - self._last))
        return _played(begun, waiting, each, max(self._slots, len(begun)))


def _played(begun: list[float], waiting: int, each: float, slots: int) -> float:
    """Seconds to the end of the last mini-batch, when whichever slot is free first takes the next one.

    Args:
        begun: seconds that those still take which are being scored.
        waiting: how many are not.
        each: seconds that one takes.
        slots: how many can be scored at once.
    """
    ends = [*(max(0.0, seconds) for seconds in begun), *[0.0] * (slots - len(begun))]
    heapq.heapify(ends)
    for _ in range(waiting):
        heapq.heapreplace(ends, ends[0] + each)
    return max(ends)
