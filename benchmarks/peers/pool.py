"""multiprocessing.Pool: the cheapest way to use all cores, with nothing that would survive a crash."""

import multiprocessing

from benchmarks.peers.peer import Write, load
from benchmarks.work import Work


def score(work: Work, write: Write) -> None:
    """The framework is imported once and inherited by fork, Linux's default; mini-batches go out in large shares."""
    script = load(str(work.code))
    with multiprocessing.get_context("fork").Pool(work.processes, initializer=script.init) as pool:
        write(pool.map(script.run, work.list_mini_batches()))
