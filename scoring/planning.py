"""Cutting a listing into mini-batches, and mini-batches into chunks: the same way each time, from counts alone."""

from scoring.facts import Record

LEAST_CHUNKS = 8
CHUNKS_PER_SLOT = 4


class Chunk(Record):
    """What one score_minibatch task run is given: the mini-batches from `first` to `last`, both included."""

    first: int
    last: int

    @property
    def name(self) -> str:
        """Sorts as the chunks do; names the chunk's facts and its persisted result."""
        return f"{self.first:09d}-{self.last:09d}"

    def __len__(self) -> int:
        return self.last - self.first + 1

    def __str__(self) -> str:
        return f"mini-batch {self.first}" if len(self) == 1 else f"mini-batches {self.first} to {self.last}"


def count_mini_batches(files: int, size: int) -> int:
    """How many mini-batches of at most `size` files a listing makes: ceil(files / size)."""
    return -(-files // size)


def plan_chunks(mini_batches: int, slots: int) -> list[Chunk]:
    """Share out the mini-batches of a job.

    One chunk per mini-batch while they are few; above max(8, 4 x slots) that many chunks at most, because each task run
    costs the server some 50 ms of CPU. Their shares shrink linearly in rounds of one chunk per slot, so that the last
    ones are small and no slot waits long for another's tail.

    Args:
        mini_batches: how many there are, >= 1.
        slots: scoring processes at once, >= 1.
    Returns: chunks in order that cover 0 to mini_batches - 1 without gap or overlap.
    """
    bound = max(LEAST_CHUNKS, CHUNKS_PER_SLOT * slots)
    if mini_batches <= bound:
        return [Chunk(first=index, last=index) for index in range(mini_batches)]
    rounds = -(-bound // slots)
    weights = [rounds - number // slots for number in range(bound)]
    total = sum(weights)
    chunks, first, weight = [], 0, 0
    for share in weights:
        weight += share
        end = mini_batches * weight // total
        if end > first:
            chunks.append(Chunk(first=first, last=end - 1))
            first = end
    return chunks
