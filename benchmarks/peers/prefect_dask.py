"""Prefect's DaskTaskRunner as shipped, a task run per mini-batch: what a flow looks like before anyone measures it."""

from prefect import flow, task, unmapped
from prefect.cache_policies import NO_CACHE
from prefect_dask import DaskTaskRunner

from benchmarks.peers.peer import Rows, Write, ready
from benchmarks.work import Work


@task(cache_policy=NO_CACHE, persist_result=False)
def score_minibatch(mini_batch: list[str], code: str) -> Rows:
    """One task run."""
    rows: Rows = ready(code).run(mini_batch)
    return rows


def score(work: Work, write: Write) -> None:
    """The same cluster as plain Dask's."""
    cluster = {"n_workers": work.processes, "threads_per_worker": 1, "dashboard_address": None}

    # The paths are no parameter: Prefect takes at most 512 KB of these, and 10,000 paths may be more.
    @flow(task_runner=DaskTaskRunner(cluster_kwargs=cluster))
    def score_all() -> None:
        write(score_minibatch.map(work.list_mini_batches(), unmapped(str(work.code))).result())

    score_all()
