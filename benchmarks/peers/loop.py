"""A plain loop in one process: what the work itself takes."""

from benchmarks.peers.peer import Write, ready
from benchmarks.work import Work


def score(work: Work, write: Write) -> None:
    """One mini-batch after the other."""
    script = ready(str(work.code))
    write(script.run(mini_batch) for mini_batch in work.list_mini_batches())
