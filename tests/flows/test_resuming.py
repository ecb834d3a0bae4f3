"""Jobs that end too early go on where they were, by one run at a time."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from prefect import flow
from prefect.client.schemas.objects import FlowRun
from prefect.events import emit_event
from prefect.states import AwaitingRetry, Cancelling, Completed, Running

from deployments.embedded import connect, state
from deployments.embedded.home import Home, home
from deployments.service import endpoints, rerun, resumption
from deployments.service.errors import ConflictError
from deployments.service.lost_jobs import NAME, watch
from scoring.lease import LEASES
from tests.flows.conftest import Jobs, flow_process_of, processes_of, wait_for

pytestmark = [pytest.mark.server, pytest.mark.slow]

NOTES_CALLS = """
    import os, time
    def init(): pass
    def run(mini_batch):
        names = [os.path.basename(path) for path in mini_batch]
        if any("bad" in open(path).read() for path in mini_batch): raise ValueError("bad")
        with open(os.environ["NOTES"], "a") as notes: notes.write("".join(name + "\\n" for name in names))
        while names[0] == "0020.txt" and not os.path.exists(os.environ["GO_ON"]): time.sleep(0.02)
        return names
"""


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    return tmp_path / "notes"


@pytest.fixture(scope="module")
def endpoint(jobs: Jobs) -> str:
    return jobs.endpoint(NOTES_CALLS, compute="resumed", mini_batch_size=1)


@pytest.fixture
def waiting(jobs: Jobs, endpoint: str, notes: Path, tmp_path: Path) -> str:
    """A job that waits in the middle, with what came before in parts."""
    variables = {"NOTES": str(notes), "GO_ON": str(tmp_path / "go-on")}
    job = jobs.send(endpoint, input=jobs.files(40), settings={"environment_variables": variables})
    wait_for(lambda: notes.exists() and "0020.txt" in notes.read_text())
    wait_for(lambda: any((jobs.folder_of(job) / "parts").glob("*-000000019.part")))
    return job


def test_a_job_whose_flow_was_killed_is_resumed_once_and_scores_only_the_rest(
    jobs: Jobs, waiting: str, notes: Path, tmp_path: Path
) -> None:
    with pytest.raises(ConflictError, match="is Running: it goes on without being resumed"):
        resumption.resume(jobs.store, jobs.client, waiting)
    flow_process_of(waiting).kill()
    assert jobs.finish(waiting).state_name == "Crashed"
    (tmp_path / "go-on").touch()
    resumption.resume(jobs.store, jobs.client, waiting)
    with pytest.raises(ConflictError, match="it goes on without being resumed"):
        resumption.resume(jobs.store, jobs.client, waiting)
    assert jobs.wait(waiting, lambda run: run.state_name == "Completed")
    assert jobs.rows(waiting) == ["prediction", *(f"{number:04d}.txt" for number in range(40))]
    calls = notes.read_text().split()
    assert [name for name in calls if calls.count(name) > 1] == ["0020.txt", "0020.txt"]
    assert resumption.resume(jobs.store, jobs.client, waiting).status == "Completed"
    assert jobs.read(waiting).state_name == "Completed"


def test_a_job_outlives_its_prefect_server_or_is_resumed_and_repeats_nothing(
    jobs: Jobs, waiting: str, notes: Path, tmp_path: Path
) -> None:
    before = state.read(Home(home()))
    assert before is not None
    os.kill(before.server.pid, signal.SIGKILL)
    wait_for(lambda: not before.server.is_alive)
    (tmp_path / "go-on").touch()
    wait_for(lambda: "0021.txt" in notes.read_text())  # scoring needs no server
    connect(announce=lambda line: None)
    if jobs.finish(waiting, 120).state_name != "Completed":
        resumption.resume(jobs.store, jobs.client, waiting)
    assert jobs.wait(waiting, lambda run: run.state_name == "Completed", 120)
    assert jobs.rows(waiting) == ["prediction", *(f"{number:04d}.txt" for number in range(40))]
    calls = notes.read_text().split()
    assert {name for name in calls if calls.count(name) > 1} <= {"0020.txt", "0021.txt", "0022.txt"}


def test_a_run_of_a_job_that_another_one_follows_ends_without_a_word_on_how_the_job_ended(
    jobs: Jobs, waiting: str, tmp_path: Path
) -> None:
    leases = jobs.folder_of(waiting) / LEASES
    assert len(list(leases.iterdir())) == 1
    first = flow_process_of(waiting)
    jobs.client.set_flow_run_state(jobs.read(waiting).id, AwaitingRetry(), force=True)
    # The worker starts no second process beside the first; another worker would.
    second = subprocess.Popen(
        [sys.executable, "-m", "prefect.engine"],
        env={**os.environ, "PREFECT__FLOW_RUN_ID": waiting, "PREFECT_LOGGING_EXTRA_LOGGERS": "scoring"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_for(lambda: len(list(leases.iterdir())) == 2)
    (tmp_path / "go-on").touch()
    wait_for(lambda: not first.is_running())
    assert second.wait(60) == 0
    run = jobs.read(waiting)
    assert run.state_name == "Completed"
    assert jobs.rows(waiting) == ["prediction", *(f"{number:04d}.txt" for number in range(40))]
    assert {state.name for state in jobs.client.read_flow_run_states(run.id)}.isdisjoint({"Failed", "Crashed"})


def test_failed_and_changed_files_alone_are_scored_by_another_job(
    jobs: Jobs, endpoint: str, notes: Path, tmp_path: Path
) -> None:
    settings = {"environment_variables": {"NOTES": str(notes), "GO_ON": str(tmp_path)}, "mini_batch_size": 3}
    inputs = Path(jobs.files(10))
    (inputs / "0004.txt").write_text("bad")
    first = jobs.send(endpoint, input=str(inputs), settings=settings)
    assert jobs.finish(first).state_name == "CompletedWithErrors"
    (inputs / "0004.txt").write_text("good")
    notes.unlink()
    second = str(rerun.rerun_failed(jobs.store, jobs.launcher, jobs.client, first).id)
    assert jobs.finish(second).state.message.startswith(f"10 files scored (9 kept of job {first})")
    assert notes.read_text().split() == ["0004.txt"]
    assert jobs.rows(second) == ["prediction", *(f"{number:04d}.txt" for number in range(10))]
    with pytest.raises(ConflictError, match="has no failed files"):
        rerun.rerun_failed(jobs.store, jobs.launcher, jobs.client, second)

    (inputs / "0000-new.txt").touch()
    third = jobs.send(endpoint, input=str(inputs), settings={**settings, "incremental": True})
    # The second job read 0004.txt as the first had listed it: whether that was the one of now is not known.
    assert jobs.finish(third).state.message.startswith(f"11 files scored (9 kept of job {second})")
    assert notes.read_text().split() == ["0004.txt", "0000-new.txt", "0004.txt"]
    other = jobs.send(endpoint, input=str(inputs), settings={**settings, "since_job": third, "mini_batch_size": 4})
    said = f"11 files scored (no rows of job {third} kept: settings.mini_batch_size has changed)"
    assert jobs.finish(other).state.message.startswith(said)


def test_a_job_whose_endpoint_is_gone_cannot_be_resumed_and_says_what_can_be_done(
    jobs: Jobs, waiting: str, endpoint: str
) -> None:
    jobs.client.set_flow_run_state(jobs.read(waiting).id, Cancelling())
    assert jobs.finish(waiting).state_name == "Cancelled"
    assert not processes_of(waiting)
    endpoints.delete(jobs.store, jobs.launcher, endpoint)
    with pytest.raises(ConflictError, match=f"its endpoint '{endpoint}' was deleted"):
        resumption.resume(jobs.store, jobs.client, waiting)
    assert jobs.read(waiting).state_name == "Cancelled"


@flow(name="batch-endpoint")
def ours() -> None:
    """Runs of it are taken for jobs."""


@flow(name="not-ours")
def other() -> None:
    """Runs of it are none of our business."""


def test_a_job_that_gives_no_sign_of_life_any_more_is_crashed_and_nothing_else_is(jobs: Jobs) -> None:
    assert jobs.client.read_automations_by_name(NAME) == [], "the embedded server's worker does that"
    id_ = jobs.client.create_automation(watch("a shorter silence", timedelta(seconds=10)))
    silent, ended, foreign = runs = [jobs.client.create_flow_run(one, state=Running()) for one in (ours, ours, other)]
    try:
        fall_silent(jobs, silent, ended, foreign)
        crashed = jobs.finish(str(silent.id))
        assert crashed.state_name == "Crashed"
        assert "no sign of life for 10 s" in str(crashed.state.message)
        assert jobs.read(str(ended.id)).state_name == "CompletedWithErrors"
        assert jobs.read(str(foreign.id)).state_name == "Running"
    finally:
        jobs.client.delete_automation(id_)  # or other tests' jobs crash of it
        for run in runs:
            jobs.client.delete_flow_run(run.id)


def fall_silent(jobs: Jobs, silent: FlowRun, ended: FlowRun, foreign: FlowRun) -> None:
    """One sign of life of each, the last one."""
    for run, its in ((silent, ours), (ended, ours), (foreign, other)):
        emit_event(
            event="prefect.flow-run.heartbeat",
            resource={"prefect.resource.id": f"prefect.flow-run.{run.id}"},
            related=[
                {
                    "prefect.resource.id": f"prefect.flow.{run.flow_id}",
                    "prefect.resource.role": "flow",
                    "prefect.resource.name": its.name,
                }
            ],
        )
    jobs.client.set_flow_run_state(ended.id, Completed(name="CompletedWithErrors"))
