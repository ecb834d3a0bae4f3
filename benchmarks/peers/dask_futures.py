"""Dask, a task per mini-batch."""

from itertools import chain

from distributed import Client, LocalCluster

from benchmarks.peers.peer import Rows, Write, ready
from benchmarks.work import Work


def score(work: Work, write: Write, *, per_task: int = 1) -> None:
    """A cluster of single-threaded processes; tasks that Dask need not tokenize, since none is worth remembering."""
    mini_batches = work.list_mini_batches()
    groups = [mini_batches[first : first + per_task] for first in range(0, len(mini_batches), per_task)]
    with (
        LocalCluster(n_workers=work.processes, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        futures = client.map(score_group, groups, code=str(work.code), pure=False)
        write(chain.from_iterable(client.gather(futures)))


def score_group(mini_batches: list[list[str]], code: str) -> list[Rows]:
    """One task."""
    script = ready(code)
    return [script.run(mini_batch) for mini_batch in mini_batches]
