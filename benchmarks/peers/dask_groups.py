"""Dask, 25 mini-batches to a task: what a person who knows that a task costs a millisecond or more would write."""

from benchmarks.peers import dask_futures
from benchmarks.peers.peer import Write
from benchmarks.work import Work


def score(work: Work, write: Write) -> None:
    """As a task per mini-batch, with fewer tasks; at least four for each process, so that none idles at the end."""
    dask_futures.score(work, write, per_task=max(1, min(25, work.mini_batches // (4 * work.processes))))
