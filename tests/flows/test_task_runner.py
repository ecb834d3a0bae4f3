"""The task runner beside the one that it stands in for, and on a cluster whose Dask workers die."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import distributed
import pytest
from prefect import Flow, flow, task
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId, LogFilter, LogFilterTaskRunId
from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from prefect.task_runners import TaskRunner
from prefect_dask.task_runners import DaskTaskRunner

from deployments.embedded import Connection
from flows.errors import DaskWorkerLostError
from flows.task_runner import SlotTaskRunner
from tests.flows.conftest import wait_for

pytestmark = [pytest.mark.server, pytest.mark.slow]

IN_PROCESS = {"n_workers": 2, "threads_per_worker": 1, "processes": False, "dashboard_address": "127.0.0.1:0"}


@task(retries=1, task_run_name="share {share}", persist_result=True)
def tries_again(folder: str, share: int) -> str:
    """Fails the first time for every other share."""
    get_run_logger().info("share %d", share)
    marker = Path(folder, f"tried-{share}")
    if share % 2 and not marker.exists():
        marker.touch()
        raise ValueError(f"share {share} fails the first time")
    return f"share {share}"


@task(timeout_seconds=0.5)
def takes_too_long() -> None:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        time.sleep(0.05)


@task
def after(upstream: str, beside: list[str]) -> str:
    return f"{upstream} and {beside[0]}"


def compared(runner: TaskRunner[Any]) -> Flow[..., Any]:
    """A flow with everything that task runs of jobs do: map, retries, timeouts, logs, results, dependencies."""

    @flow(task_runner=runner, name="compared")
    def everything(folder: str) -> dict[str, Any]:
        shares = tries_again.map(folder, range(4))
        late = takes_too_long.submit()
        last = after.submit(shares[0], [shares[1]])
        late.wait()
        return {
            "id": flow_run.id,
            "results": [share.result() for share in shares],
            "last": last.result(),
            "late": late.state.name,
        }

    return everything


def seen_in_prefect(client: SyncPrefectClient, id_: str, count: int) -> dict[str, Any]:
    """What the UI shows of a flow run's task runs; they come a moment after the run has ended."""
    only = FlowRunFilter(id=FlowRunFilterId(any_=[UUID(id_)]))

    def settled() -> list[Any]:
        runs = client.read_task_runs(flow_run_filter=only)
        return runs if len(runs) == count and all(run.state and run.state.is_final() for run in runs) else []

    runs = {run.name.partition("-")[0]: run for run in wait_for(settled)}
    filter_ = LogFilter(task_run_id=LogFilterTaskRunId(any_=[run.id for run in runs.values()]))

    def told() -> list[str]:
        lines = [log.message for log in client.read_logs(filter_, limit=200) if log.message.startswith("share")]
        return sorted(lines) if len(lines) == 6 else []

    return {
        "runs": {name: (run.state.name, run.run_count, sorted(run.task_inputs)) for name, run in runs.items()},
        "upstream": sorted(
            str(one.id) in map(str, [run.id for run in runs.values()]) for one in runs["after"].task_inputs["upstream"]
        ),
        "logs": wait_for(told),
    }


def test_states_retries_timeouts_logs_and_results_are_those_of_prefects_own_task_runner(
    server: Connection, tmp_path: Path
) -> None:
    seen = []
    ours = SlotTaskRunner()
    ours.size(2)
    with get_client(sync_client=True) as client:
        for name, runner in (("ours", ours), ("theirs", DaskTaskRunner(cluster_kwargs=dict(IN_PROCESS)))):
            (tmp_path / name).mkdir()
            told = compared(runner)(str(tmp_path / name))
            seen.append((told, seen_in_prefect(client, told.pop("id"), 6)))
    assert seen[0] == seen[1]
    assert seen[0][1]["runs"]["share 1"][:2] == ("Completed", 2)
    assert seen[0][0]["late"] == "TimedOut"


@pytest.fixture
def cluster() -> Iterator[distributed.LocalCluster]:
    """Two Dask worker processes, as one would start them by hand; a dead one is not started again."""
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        dashboard_address="127.0.0.1:0",
        worker_dashboard_address="127.0.0.1:0",
    ) as made:
        yield made


@task(persist_result=False)
def notes_its_process(folder: str, share: int) -> int:
    """Writes down the process that runs it; the first process to run share 0 waits to be killed."""
    with Path(folder, f"share-{share}").open("a") as notes:
        notes.write(f"{os.getpid()}\n")
    while share == 0 and not Path(folder, "go-on").exists():
        time.sleep(0.02)
    return os.getpid()


@task(persist_result=False)
def ends_its_process() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_what_a_killed_dask_worker_ran_is_sent_to_another(
    server: Connection, cluster: distributed.LocalCluster, tmp_path: Path
) -> None:
    runner = SlotTaskRunner()
    runner.join(2, cluster.scheduler_address)

    @flow(task_runner=runner)
    def killed_in_mid_task() -> tuple[str, list[int]]:
        shares = notes_its_process.map(str(tmp_path), range(3))
        first = int(wait_for(lambda: (tmp_path / "share-0").exists() and (tmp_path / "share-0").read_text()))
        os.kill(first, signal.SIGKILL)
        wait_for(lambda: len((tmp_path / "share-0").read_text().split()) == 2)
        (tmp_path / "go-on").touch()
        return flow_run.id, [share.result() for share in shares]

    id_, processes = killed_in_mid_task()
    first, second = map(int, (tmp_path / "share-0").read_text().split())
    assert first != second == processes[0]
    assert [len((tmp_path / f"share-{share}").read_text().split()) for share in (1, 2)] == [1, 1]
    with get_client(sync_client=True) as client:
        only = FlowRunFilter(id=FlowRunFilterId(any_=[UUID(id_)]))
        wait_for(lambda: [run.state_name for run in client.read_task_runs(flow_run_filter=only)] == ["Completed"] * 3)


def test_a_task_run_that_kills_each_dask_worker_is_given_up_with_a_sentence(
    server: Connection, cluster: distributed.LocalCluster
) -> None:
    runner = SlotTaskRunner()
    runner.join(1, cluster.scheduler_address)

    @flow(task_runner=runner)
    def kills_them_all() -> None:
        ends_its_process.submit().result()

    with pytest.raises(DaskWorkerLostError, match=r"died while it ran ends_its_process .*not sent again"):
        kills_them_all()


def test_a_cluster_that_begins_with_more_dask_workers_than_wanted_is_used_once_the_others_are_gone(
    server: Connection, tmp_path: Path
) -> None:
    runner = SlotTaskRunner()
    options = {"n_workers": 3, "threads_per_worker": 1, "dashboard_address": "127.0.0.1:0"}
    runner.make(1, distributed.LocalCluster, {**options, "worker_dashboard_address": "127.0.0.1:0"}, instances=1)

    @flow(task_runner=runner)
    def asks_for_one() -> int:
        notes_its_process.submit(str(tmp_path), 1).result()
        return len(runner.client.scheduler_info(n_workers=-1)["workers"])

    assert asks_for_one() == 1
    assert len((tmp_path / "share-1").read_text().split()) == 1
