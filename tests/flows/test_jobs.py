"""Whole jobs, from a created flow run to a committed output, on a real server and worker."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
import pytest
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterId,
)
from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule
from prefect.client.schemas.sorting import ArtifactSort
from prefect.states import AwaitingRetry, Cancelling

from blocks.schedules import Schedule
from deployments.embedded import state
from deployments.embedded.home import Home, home
from deployments.service import schedules
from tests.flows.conftest import Jobs, flow_process_of, launcher_of, processes_of, wait_for
from tests.process_table import command_of, is_live

pytestmark = [pytest.mark.server, pytest.mark.slow]

NAMES = """
    import os
    def init(): print("loaded", os.listdir(os.environ["AZUREML_MODEL_DIR"]))
    def run(mini_batch): return [os.path.basename(path) for path in mini_batch]
"""
RAISES_ON_THREE = """
    import os
    def init(): pass
    def run(mini_batch):
        for path in mini_batch:
            if path.endswith("0003.txt"):
                raise ValueError("three is not a number")
        return [os.path.basename(path) for path in mini_batch]
"""
WAITS = """
    import os, time
    def init(): pass
    def run(mini_batch):
        while not os.path.exists({go_on!r}): time.sleep(0.05)
        return ["first"] * len(mini_batch)
"""
HANGS = """
    import ctypes, subprocess
    def init(): pass
    def run(mini_batch):
        subprocess.Popen(["setsid", "sleep", "600"])
        ctypes.PyDLL(None).sleep(600)  # with the GIL held
"""


def test_a_job_scores_every_file_in_input_order_and_says_so(jobs: Jobs) -> None:
    endpoint = jobs.endpoint(NAMES, mini_batch_size=3, max_concurrency_per_instance=2)
    job = jobs.send(endpoint, input=jobs.files(20))
    run = jobs.finish(job)
    assert run.state.type == "COMPLETED"
    assert run.state.name == "Completed"
    assert run.state.message.startswith("20 files scored; output: ")
    assert jobs.rows(job) == ["prediction", *(f"{number:04d}.txt" for number in range(20))]
    assert jobs.summary(job).files.scored == 20
    assert {path.name for path in (jobs.folder_of(job) / "results").iterdir()} == {
        f"{index:09d}-{index:09d}" for index in range(7)
    }
    assert not processes_of(job)
    assert progress_of(jobs, run.id) == [(100.0, "20 of 20 files, 0 failed")]


def test_what_the_script_prints_is_in_the_log_with_its_mini_batch(jobs: Jobs) -> None:
    job = jobs.send(jobs.endpoint(NAMES), input=jobs.files(2))
    jobs.finish(job)
    lines = wait_for(lambda: [line for line in logged(jobs, job) if "loaded ['model']" in line])
    assert lines == ["[mini-batch 0, slot 0] loaded ['model']"]


def logged(jobs: Jobs, job: str) -> list[str]:
    from prefect.client.schemas.filters import LogFilter, LogFilterFlowRunId

    found = jobs.client.read_logs(LogFilter(flow_run_id=LogFilterFlowRunId(any_=[job])))
    return [line.message for line in found]


def test_one_slot_and_four_write_the_same_bytes(jobs: Jobs) -> None:
    endpoint, files = jobs.endpoint(NAMES, mini_batch_size=2), jobs.files(31)
    sent = [jobs.send(endpoint, input=files, settings={"max_concurrency_per_instance": slots}) for slots in (1, 4)]
    for job in sent:
        jobs.finish(job)
    one, four = (jobs.summary(job) for job in sent)
    assert (one.slots, four.slots) == (1, 4)
    assert one.sha256 == four.sha256
    assert len(list((jobs.folder_of(sent[1]) / "results").iterdir())) == 16


def test_prefect_deployment_run_starts_the_same_job(jobs: Jobs) -> None:
    endpoint = jobs.endpoint(NAMES)
    command = [str(Path(sys.executable).with_name("prefect")), "deployment", "run", f"batch-endpoint/{endpoint}"]
    done = subprocess.run(
        [*command, "-p", f"input={jobs.files(3)}", "--watch", "--watch-timeout", "60"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    job = done.stdout.split("UUID: ")[1].split()[0]
    assert jobs.rows(job) == ["prediction", "0000.txt", "0001.txt", "0002.txt"]


@pytest.mark.parametrize(("retry_on", "tried"), [(None, 3), ([], 2)], ids=["all are retried", "none in vain"])
def test_a_raising_mini_batch_is_tried_again_then_reported_file_by_file(
    jobs: Jobs, retry_on: list[str] | None, tried: int
) -> None:
    settings = {"max_retries": 2, "retry_on": retry_on}
    endpoint = jobs.endpoint(RAISES_ON_THREE, mini_batch_size=2, retry_settings=settings)
    job = jobs.send(endpoint, input=jobs.files(6))
    run = jobs.finish(job)
    assert (run.state.type, run.state.name) == ("COMPLETED", "CompletedWithErrors")
    assert "5 of 6 files scored, 1 failed: 1 × ValueError in script.py:7" in run.state.message
    failures = [json.loads(line) for line in (jobs.folder_of(job) / "score/failures.jsonl").read_text().splitlines()]
    assert [(one["path"], one["mini_batch"], one["tries"]) for one in failures] == [
        ("0003.txt", 1, tried + 1),
    ]
    assert jobs.rows(job) == ["prediction", "0000.txt", "0001.txt", "0002.txt", "0004.txt", "0005.txt"]
    root = jobs.folder_of(job).parents[1]
    assert [path for path in root.iterdir() if path.is_file()] == [], "Prefect left pickled exceptions behind"
    wait_for(lambda: retried_in_prefect(jobs, job) == [("mini-batch 1", tried)])


def retried_in_prefect(jobs: Jobs, job: str) -> list[tuple[str, int]]:
    """Task runs with more than one try; the server writes them down a moment after the job has ended."""
    found = jobs.client.read_task_runs(flow_run_filter=only(job))
    return [(one.name, one.run_count) for one in found if one.run_count > 1]


def only(job: str) -> FlowRunFilter:
    return FlowRunFilter(id=FlowRunFilterId(any_=[job]))


def test_an_init_that_raises_fails_the_job_at_once_and_leaves_no_output(jobs: Jobs) -> None:
    endpoint = jobs.endpoint(
        """
        def init():
            raise RuntimeError("no weights")
        def run(mini_batch): return mini_batch
        """
    )
    job = jobs.send(endpoint, input=jobs.files(30))
    run = jobs.finish(job)
    assert run.state.type == "FAILED"
    assert run.state.message == ("init() of the scoring script failed: RuntimeError: no weights (script.py:3 in init)")
    assert not (jobs.folder_of(job) / "score").exists()
    errors = (jobs.folder_of(job) / "logs/errors.log").read_text()
    assert errors.startswith("  Traceback (most recent call last):")
    assert all(one.run_count <= 1 for one in jobs.client.read_task_runs(flow_run_filter=only(job)))
    told = [line for line in logged(jobs, job) if "no weights" in line]
    assert len(told) == 2, "the traceback, and the sentence"
    assert told[0].startswith("Traceback (most recent call last):")
    assert told[1] == run.state.message


def test_more_failures_than_the_threshold_end_the_job_early_with_what_it_has(jobs: Jobs) -> None:
    endpoint = jobs.endpoint(
        """
        import os, time
        def init(): pass
        def run(mini_batch):
            if mini_batch[0] >= os.path.join(os.path.dirname(mini_batch[0]), "0004.txt"):
                raise ValueError("from four on")
            return list(map(os.path.basename, mini_batch))
        """,
        mini_batch_size=1,
        error_threshold=2,
        retry_settings={"max_retries": 0},
    )
    job = jobs.send(endpoint, input=jobs.files(400))
    run = jobs.finish(job)
    assert run.state.type == "FAILED"
    assert "error_threshold is 2" in run.state.message
    files = jobs.summary(job).files
    assert files.scored + files.failed + files.pending == 400
    assert 2 < files.failed < 100
    partial = (jobs.folder_of(job) / "score/predictions.partial.csv").read_text().splitlines()
    assert partial[:5] == ["prediction", "0000.txt", "0001.txt", "0002.txt", "0003.txt"]
    assert not (jobs.folder_of(job) / "score/predictions.csv").exists()


def test_a_threshold_passed_before_anything_was_scored_still_accounts_for_every_file(jobs: Jobs) -> None:
    endpoint = jobs.endpoint(
        """
        def init(): pass
        def run(mini_batch): raise ValueError("none of them")
        """,
        mini_batch_size=2,
        error_threshold=0,
        retry_settings={"max_retries": 0},
    )
    job = jobs.send(endpoint, input=jobs.files(6))
    run = jobs.finish(job)
    assert run.state.type == "FAILED"
    assert "error_threshold is 0" in run.state.message
    files = jobs.summary(job).files
    assert files.failed >= 2
    assert files.failed + files.pending == 6
    assert len((jobs.folder_of(job) / "score/failures.jsonl").read_text().splitlines()) == files.failed
    assert progress_of(jobs, run.id)[-1][1] == f"{files.failed} of 6 files, {files.failed} failed"
    told = logged(jobs, job)
    assert not any("Traceback" in line or "StoppedError" in line for line in told)
    assert told.count(str(run.state.message)) == 1


def test_prefects_retry_scores_only_what_has_no_part_yet(jobs: Jobs, tmp_path: Path) -> None:
    calls, healed = tmp_path / "calls", tmp_path / "healed"
    endpoint = jobs.endpoint(
        f"""
        import os
        def init(): pass
        def run(mini_batch):
            names = [os.path.basename(path) for path in mini_batch]
            with open({str(calls)!r}, "a") as file: file.write(" ".join(names) + "\\n")
            if "0002.txt" in names and not os.path.exists({str(healed)!r}): raise OSError("not yet")
            return names
        """,
        mini_batch_size=2,
        error_threshold=0,
        retry_settings={"max_retries": 0},
    )
    job = jobs.send(endpoint, input=jobs.files(4))
    assert jobs.finish(job).state.type == "FAILED"
    healed.touch()
    calls.unlink()
    jobs.client.set_flow_run_state(jobs.read(job).id, AwaitingRetry(), force=True)
    run = jobs.wait(job, lambda run: run.state.is_final() and run.run_count > 1)
    assert run.state.message.startswith("4 files scored")
    assert jobs.rows(job) == ["prediction", "0000.txt", "0001.txt", "0002.txt", "0003.txt"]
    assert "0000.txt" not in calls.read_text()
    assert not (jobs.folder_of(job) / "score/predictions.partial.csv").exists()
    assert progress_of(jobs, run.id)[-1] == (100.0, "4 of 4 files, 0 failed")


def progress_of(jobs: Jobs, run: UUID) -> list[tuple[Any, str | None]]:
    wanted = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run]))
    found = jobs.client.read_artifacts(artifact_filter=wanted, sort=ArtifactSort.CREATED_DESC)
    return [(one.data, one.description) for one in reversed(found) if one.key == "progress"]


def test_a_cron_schedule_of_the_prefect_deployment_creates_jobs(jobs: Jobs) -> None:
    found = jobs.client.read_deployment_by_name(f"batch-endpoint/{jobs.endpoint(NAMES)}")
    (schedule,) = jobs.client.create_deployment_schedules(found.id, [(CronSchedule(cron="0 0 * * *"), True)])
    only_this = DeploymentFilter(id=DeploymentFilterId(any_=[found.id]))
    planned = wait_for(lambda: jobs.client.read_flow_runs(deployment_filter=only_this), seconds=90)
    assert {run.state.name for run in planned} == {"Scheduled"}
    jobs.client.delete_deployment_schedule(found.id, schedule.id)


def test_a_scheduled_job_stays_out_while_the_one_before_runs(jobs: Jobs, tmp_path: Path) -> None:
    go_on = tmp_path / "go-on"
    endpoint = jobs.endpoint(WAITS.format(go_on=str(go_on)))
    declared = {
        "name": "often",
        "trigger": {"type": "recurrence", "frequency": "minute"},
        "create_job": {"endpoint_name": endpoint, "input": jobs.files(1)},
        "overlap": "skip",
    }
    schedules.create(jobs.store, jobs.launcher, Schedule.model_validate(declared))
    found = jobs.client.read_deployment_by_name(f"batch-endpoint/{endpoint}")
    (timed,) = found.schedules
    # A minute would be long to wait for; where it lies in Prefect it can be changed, as in its UI.
    often = IntervalSchedule(interval=timedelta(seconds=8))
    jobs.client.update_deployment_schedule(found.id, timed.id, schedule=often, parameters=timed.parameters)
    only = DeploymentFilter(id=DeploymentFilterId(any_=[found.id]))

    def states() -> dict[str, str]:
        runs = jobs.client.read_flow_runs(deployment_filter=only, limit=200)
        return {str(run.id): str(run.state_name) for run in runs}

    wait_for(lambda: "Skipped" in states().values(), 60)
    schedules.switch(jobs.store, jobs.launcher, "often", is_enabled=False)
    assert jobs.launcher.is_enabled(endpoint, "often") is False
    (running,) = [id_ for id_, name in states().items() if name == "Running"]
    go_on.touch()
    assert jobs.finish(running).state_name == "Completed"
    skipped = next(id_ for id_, name in states().items() if name == "Skipped")
    assert not jobs.folder_of(skipped).exists()
    schedules.delete(jobs.store, jobs.launcher, "often")


def test_changing_the_default_while_a_job_runs_changes_nothing_for_it(jobs: Jobs, tmp_path: Path) -> None:
    go_on = tmp_path / "go-on"
    waiting = WAITS.format(go_on=str(go_on))
    endpoint = jobs.endpoint(waiting, mini_batch_size=1)
    job = jobs.send(endpoint, input=jobs.files(3))
    wait_for(lambda: processes_of(job))
    jobs.deployment(endpoint, "second", waiting.replace("first", "second"))
    go_on.touch()
    jobs.finish(job)
    assert jobs.rows(job) == ["prediction", "first", "first", "first"]
    assert jobs.summary(job).deployment == "first"


def test_cancel_kills_a_script_that_hangs_in_c_with_all_it_started(jobs: Jobs) -> None:
    job = jobs.send(jobs.endpoint(HANGS, max_concurrency_per_instance=2), input=jobs.files(20))
    wait_for(lambda: any("sleep" in command_of(one) for one in processes_of(job)))
    jobs.client.set_flow_run_state(jobs.read(job).id, Cancelling(), force=True)
    wait_for(lambda: not processes_of(job))
    assert jobs.finish(job).state.type == "CANCELLED"


def test_a_job_that_is_canceled_before_prefects_engine_knows_what_for_never_says_that_it_crashed(jobs: Jobs) -> None:
    job = jobs.send(jobs.endpoint(HANGS), input=jobs.files(4))
    wait_for(lambda: any("sleep" in command_of(one) for one in processes_of(job)))
    now, flow = state.read(Home(home())), flow_process_of(job)
    assert now is not None
    assert now.worker is not None
    worker = psutil.Process(now.worker.pid)
    worker.suspend()  # which would tell the engine over a socket, where both are quick enough, and send SIGTERM then
    try:
        jobs.client.set_flow_run_state(jobs.read(job).id, Cancelling())
        flow.terminate()
        wait_for(lambda: not flow.is_running())
    finally:
        worker.resume()
    assert jobs.finish(job).state.type == "CANCELLED"
    assert "CRASHED" not in [each.type for each in jobs.client.read_flow_run_states(UUID(job))]
    assert not processes_of(job)
    assert [line for line in logged(jobs, job) if "cancel" in line or "state Running" in line] == [
        "The job was canceled."
    ]


def test_a_job_is_canceled_at_once_while_a_mini_batch_waits_for_its_next_try_and_has_its_tables(jobs: Jobs) -> None:
    endpoint = jobs.endpoint(RAISES_ON_THREE, retry_settings={"max_retries": 1, "delay": 600})
    job = jobs.send(endpoint, input=jobs.files(4))
    wait_for(lambda: [line for line in logged(jobs, job) if "failed, try 1 of 2" in line])
    jobs.client.set_flow_run_state(jobs.read(job).id, Cancelling(), force=True)
    assert jobs.finish(job).state.type == "CANCELLED"
    logs = jobs.folder_of(job) / "logs"
    tables = {name: (logs / name).read_text().splitlines()[1:] for name in ("mini-batches.csv", "failed-tries.csv")}
    assert [row.rpartition(",")[2] for row in tables["mini-batches.csv"]] == ["ValueError"]
    assert [row.split(",")[:2] for row in tables["failed-tries.csv"]] == [["0", "1"]]
    assert "mini-batch 0, try 1 failed: ValueError" in (logs / "overview.log").read_text()


@pytest.mark.parametrize("victim", [flow_process_of, launcher_of], ids=["the flow", "its launcher"])
def test_kill_9_of_the_flow_process_leaves_no_process_of_the_job(
    jobs: Jobs, victim: Callable[[str], psutil.Process]
) -> None:
    endpoint = jobs.endpoint(HANGS, compute="killed", max_concurrency_per_instance=2)
    job = jobs.send(endpoint, input=jobs.files(20))
    wait_for(lambda: any("sleep" in command_of(one) for one in processes_of(job)))
    flow = flow_process_of(job)
    victim(job).kill()
    wait_for(lambda: not is_live(flow.pid))
    wait_for(lambda: not processes_of(job))
    assert jobs.finish(job).state.type == "CRASHED"


def test_a_job_listens_on_loopback_alone(jobs: Jobs, tmp_path: Path) -> None:
    go_on = tmp_path / "go-on"
    endpoint = jobs.endpoint(WAITS.format(go_on=str(go_on)))
    job = jobs.send(endpoint, input=jobs.files(3))
    wait_for(lambda: processes_of(job))
    flow = flow_process_of(job)
    listening = wait_for(lambda: [one for one in flow.net_connections() if one.status == psutil.CONN_LISTEN])
    assert {one.laddr.ip for one in listening} == {"127.0.0.1"}
    go_on.touch()
    assert jobs.finish(job).state.type == "COMPLETED"


def test_an_output_that_exists_is_refused_before_anything_is_scored(jobs: Jobs, tmp_path: Path) -> None:
    (tmp_path / "predictions.csv").write_text("mine")
    job = jobs.send(jobs.endpoint(NAMES), input=jobs.files(3), output=str(tmp_path))
    run = jobs.finish(job)
    assert run.state.type == "FAILED"
    assert run.state.message == (
        f"{tmp_path}/predictions.csv exists already; choose another output path or file name, or remove it"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["predictions.csv"]
    assert (tmp_path / "predictions.csv").read_text() == "mine"


def test_an_input_without_files_is_refused_with_a_sentence(jobs: Jobs, tmp_path: Path) -> None:
    job = jobs.send(jobs.endpoint(NAMES), input=str(tmp_path))
    assert jobs.finish(job).state.message == f"input {tmp_path} has no files to score"


def test_the_flow_of_an_endpoint_that_is_not_registered_says_how_to_register_it(jobs: Jobs) -> None:
    from blocks.specs import Endpoint

    endpoint = jobs.endpoint(NAMES)
    jobs.store.delete(Endpoint, endpoint)
    job = jobs.send(endpoint, input=jobs.files(1))
    assert jobs.finish(job).state.message == (
        f"endpoint {endpoint!r} is not registered; register it: batchpoint batch-endpoint create --name {endpoint}"
    )


def test_twenty_jobs_at_once_never_have_more_scoring_processes_than_the_compute_has_instances(jobs: Jobs) -> None:
    from blocks.specs import Compute
    from deployments.service import computes

    computes.create(jobs.store, jobs.launcher, Compute(name="small", max_instances=2))
    endpoint, files = jobs.endpoint(NAMES, compute="small"), jobs.files(2)
    sent = {jobs.send(endpoint, input=files) for _ in range(20)}
    most, states, looked = 0, [], 0.0

    def all_done() -> bool:
        nonlocal most, looked
        if time.monotonic() < looked + 0.3:
            return False  # looking and asking cost CPU that the jobs need
        looked = time.monotonic()
        most = max(most, sum(is_scoring(process) for process in psutil.process_iter()))
        runs = jobs.client.read_flow_runs(flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=list(sent))))
        states[:] = [run.state.type for run in runs]
        return all(run.state.is_final() for run in runs)

    def is_scoring(process: psutil.Process) -> bool:
        try:
            command = " ".join(process.cmdline())
            is_script = "program.py" in command and "guardian.py" not in command
            return is_script and process.environ().get("AZUREML_RUN_ID") in sent
        except psutil.Error:
            return False

    wait_for(all_done, seconds=280)
    assert states == ["COMPLETED"] * 20
    assert 1 <= most <= 2


def test_files_that_the_script_writes_itself_are_published_with_the_output(jobs: Jobs) -> None:
    endpoint = jobs.endpoint(
        """
        import os
        def init(): assert os.path.isdir(os.environ["AZUREML_BI_OUTPUT_PATH"])
        def run(mini_batch):
            for path in mini_batch:
                with open(os.path.join(os.environ["AZUREML_BI_OUTPUT_PATH"], os.path.basename(path)), "w") as file:
                    file.write("mine")
            return mini_batch
        """,
        output_action="summary_only",
    )
    job = jobs.send(endpoint, input=jobs.files(2))
    assert jobs.finish(job).state.type == "COMPLETED"
    written = {path.name for path in (jobs.folder_of(job) / "score").iterdir()}
    assert written == {"0000.txt", "0001.txt", "failures.jsonl", "report.html", "summary.json"}


def test_what_goes_wrong_on_our_side_ends_the_job_with_its_cause(jobs: Jobs) -> None:
    endpoint = jobs.endpoint(
        """
        import os, shutil
        def init(): pass
        def run(mini_batch):
            parts = os.path.join(os.path.dirname(os.environ["AZUREML_BI_OUTPUT_PATH"]), "parts")
            open(parts, "w").close()  # a file where the folder of parts is to be
            return mini_batch
        """,
        retry_settings={"max_retries": 0},
        shared_output=True,
    )
    job = jobs.send(endpoint, input=jobs.files(2))
    run = jobs.finish(job)
    assert run.state.type == "FAILED"
    assert "FileExistsError" in run.state.message or "NotADirectoryError" in run.state.message


def test_a_job_that_waits_for_instances_shows_queued_and_can_be_canceled_or_go_on(jobs: Jobs, tmp_path: Path) -> None:
    from blocks.specs import Compute
    from deployments.service import computes
    from deployments.service import jobs as service

    computes.create(jobs.store, jobs.launcher, Compute(name="single", max_instances=1))
    go_on = tmp_path / "go-on"
    endpoint = jobs.endpoint(WAITS.format(go_on=str(go_on)), compute="single")
    files = jobs.files(1)
    first = jobs.send(endpoint, input=files)
    wait_for(lambda: processes_of(first))
    assert jobs.launcher.count_busy("single") == 1
    given_up = jobs.send(endpoint, input=files)
    jobs.wait(given_up, lambda run: run.state.name == "Queued")
    assert service.show(jobs.store, jobs.client, given_up).status == "Queued"
    assert not processes_of(given_up)
    jobs.client.set_flow_run_state(jobs.read(given_up).id, Cancelling(), force=True)
    assert jobs.finish(given_up).state.type == "CANCELLED"
    patient = jobs.send(endpoint, input=files)
    jobs.wait(patient, lambda run: run.state.name == "Queued")
    go_on.touch()
    assert jobs.finish(first).state.type == "COMPLETED"
    assert jobs.finish(patient).state.type == "COMPLETED"
