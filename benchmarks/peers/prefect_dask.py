"""Prefect's DaskTaskRunner as shipped, a task run per mini-batch: what a flow looks like before anyone measures it."""

from typing import Any

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


@flow(validate_parameters=False)
def score_all(mini_batches: list[list[str]], code: str, write: Any) -> None:
    """Map and collect."""
    write(score_minibatch.map(mini_batches, unmapped(code)).result())


def score(work: Work, write: Write) -> None:
    """The same cluster as plain Dask's."""
    cluster = {"n_workers": work.processes, "threads_per_worker": 1, "dashboard_address": None}
    sized = score_all.with_options(task_runner=DaskTaskRunner(cluster_kwargs=cluster))
    sized(work.list_mini_batches(), str(work.code), write)
