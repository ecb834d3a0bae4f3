"""How long the scoring of a job takes with other sizes of mini-batches and other slots, by what its calls cost."""

import heapq
from dataclasses import dataclass, replace

from scoring.planning import count_mini_batches, plan_chunks


@dataclass(frozen=True)
class Calls:
    """A job in which every file costs alike. Durations are seconds.

    Attributes:
        files: to score.
        size: most files of a mini-batch.
        slots: scoring processes at once.
        fixed: that a call of run() takes whatever its files.
        per_file: that it takes for each of them.
        between: that pass between two calls on a slot.
    """

    files: int
    size: int
    slots: int
    fixed: float
    per_file: float
    between: float

    @property
    def call(self) -> float:
        """Seconds that one full mini-batch takes its slot."""
        return self.fixed + self.between + self.per_file * min(self.size, self.files)

    @property
    def tax(self) -> float:
        """The share of a slot's time that is not its files': 0 to 1."""
        return (self.fixed + self.between) / self.call if self.call else 0.0

    def seconds(self) -> float:
        """From the first call to the end of the last, when each slot takes the next chunk as soon as it is free."""
        mini_batches = count_mini_batches(self.files, self.size)
        missing = mini_batches * self.size - self.files
        free = [0.0] * self.slots
        for chunk in plan_chunks(mini_batches, self.slots):
            files = len(chunk) * self.size - (missing if chunk.last == mini_batches - 1 else 0)
            took = len(chunk) * (self.fixed + self.between) + files * self.per_file
            heapq.heapreplace(free, free[0] + took)
        return max(free)

    def with_size(self, size: int) -> "Calls":
        """The same job with mini-batches of another size."""
        return replace(self, size=size)

    def with_slots(self, slots: int) -> "Calls":
        """The same job with other slots."""
        return replace(self, slots=slots)
