"""The worker: how many jobs it runs at once, and what becomes of them when it, or the server, is stopped or killed."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.states import AwaitingRetry, Cancelling

from deployments.embedded import connect, keeper, state
from deployments.embedded.home import Home
from deployments.embedded.launch import WORK_POOL
from tests.process_table import is_live, nothing_left, wait_until

pytestmark = [pytest.mark.server, pytest.mark.slow]


@dataclass(frozen=True)
class Flow:
    """A flow of the test's own on the embedded server."""

    client: SyncPrefectClient
    home: Home
    folder: Path

    def send(self, name: str) -> FlowRun:
        """A flow run that goes on until it is told to end."""
        (self.folder / name).mkdir()
        deployment = self.client.create_deployment(
            flow_id=self.client.create_flow_from_name("waiting"),
            name="waiting",
            work_pool_name=WORK_POOL,
            path=str(Path(__file__).parent),
            entrypoint="waiting.py:wait",
        )
        return self.client.create_flow_run_from_deployment(
            deployment, name=name, parameters={"folder": str(self.folder / name)}
        )

    def pid(self, run: FlowRun) -> int:
        """The process of a flow run, once it has begun."""
        path = self.folder / run.name / "pid"
        wait_until(lambda: path.exists() and path.read_text() != "", 90)
        return int(path.read_text())

    def end(self, run: FlowRun) -> None:
        """Have a flow run end."""
        (self.folder / run.name / "end").touch()

    def state(self, run: FlowRun) -> State:
        now = self.client.read_flow_run(run.id).state
        assert now is not None
        return now

    def worker(self) -> int:
        """The worker's process."""
        now = state.read(self.home)
        assert now is not None
        assert now.worker is not None
        return now.worker.pid


@pytest.fixture
def flow(own_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Flow:
    monkeypatch.setenv("BATCHPOINT_JOBS", "2")
    connect(announce=lambda line: None)
    return Flow(get_client(sync_client=True), own_home, tmp_path)


def test_no_more_jobs_run_at_once_than_batchpoint_jobs_says(flow: Flow) -> None:
    first, second, third = (flow.send(name) for name in ("first", "second", "third"))
    assert flow.pid(first) != flow.pid(second)
    assert flow.state(third).is_scheduled()
    flow.end(first)
    flow.pid(third)
    assert flow.state(second).is_running()
    assert flow.state(first).is_completed()
    assert "Traceback" not in flow.home.log("worker").read_text()


def test_a_killed_worker_costs_no_job_whose_process_lives_and_has_the_others_crash_and_be_retried(flow: Flow) -> None:
    alive, dead = flow.send("alive"), flow.send("dead")
    pids = flow.pid(alive), flow.pid(dead)
    wait_until(lambda: all(flow.client.read_flow_run(run.id).infrastructure_pid for run in (alive, dead)))
    for pid in (flow.worker(), pids[1]):
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not keeper.status(flow.home).worker_alive)
    connect(announce=lambda line: None)
    wait_until(lambda: flow.state(dead).is_crashed(), 60)
    assert flow.state(dead).message == (
        "The job's process is gone: its worker or the machine was stopped while it ran."
    )
    assert flow.state(alive).is_running()
    flow.client.set_flow_run_state(dead.id, AwaitingRetry())
    wait_until(lambda: flow.pid(dead) != pids[1])
    flow.end(dead)
    wait_until(lambda: flow.state(dead).is_completed(), 30)
    flow.client.set_flow_run_state(alive.id, Cancelling())
    wait_until(lambda: flow.state(alive).is_cancelled(), 30)
    assert not is_live(pids[0])


def test_down_ends_running_jobs_which_say_so_and_keeps_those_that_wait(flow: Flow) -> None:
    first, second, third = (flow.send(name) for name in ("first", "second", "third"))
    pids = flow.pid(first), flow.pid(second)
    keeper.stop(flow.home)
    assert nothing_left(flow.home)
    assert not any(is_live(pid) for pid in pids)
    connect(announce=lambda line: None)
    # One that was killed before it could say so is found without a process, some 15 s later.
    wait_until(lambda: all(flow.state(run).is_crashed() for run in (first, second)), 60)
    flow.pid(third)


def test_a_job_that_is_retried_as_it_ends_does_not_cost_the_worker(flow: Flow) -> None:
    """Prefect's worker raises from its poll when a flow run comes again before its first process is put away."""
    run = flow.send("again")
    flow.pid(run)
    worker = flow.worker()
    flow.end(run)
    wait_until(lambda: flow.state(run).is_completed())
    before = flow.client.read_flow_run(run.id).run_count
    flow.client.set_flow_run_state(run.id, AwaitingRetry(), force=True)
    wait_until(lambda: flow.client.read_flow_run(run.id).run_count > before and flow.state(run).is_completed(), 60)
    assert flow.worker() == worker
    assert keeper.status(flow.home).worker_alive
