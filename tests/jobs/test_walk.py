"""Jobs from the door to the files, through the command line and the service, on a real server and worker."""

import json
import os
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import psutil
import pytest
from prefect.client.orchestration import get_client
from prefect.states import AwaitingRetry, Cancelled, Crashed, Running

from deployments.embedded.home import Home, home
from deployments.service import jobs, removal, reports
from deployments.service.downloads import download, download_all
from deployments.service.errors import ConflictError, UnusableError
from deployments.service.job_log import Line
from deployments.service.job_records import Counted
from deployments.service.jobs import JobNotFoundError
from deployments.service.sending import prefect_deployment_of
from deployments.service.standings import counted
from deployments.service.streaming import follow
from flows.score import score_job, spelled
from scoring.stages import BESIDE, STAGES
from tests.flows.conftest import wait_for
from tests.jobs.conftest import ENDPOINT, Board, batchpoint, command
from tests.jobs.test_live_view import Terminal
from tests.process_table import listening, processes_of

LOGS = ((), ("--slot", "0"), ("--errors",), ("--slot", "7"), ("--slot", "0", "--errors"))

pytestmark = [pytest.mark.server, pytest.mark.slow]


def processes_for(job: str) -> list[psutil.Process]:
    """The flow's process and the script's."""
    found = []
    for process in psutil.process_iter():
        try:
            told = process.environ()
        except psutil.Error:
            continue
        if job in {told.get("PREFECT__FLOW_RUN_ID"), told.get("AZUREML_RUN_ID")}:
            found.append(process)
    return [process for process in found if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]


def test_a_job_is_sent_watched_shown_listed_and_fetched_by_its_own_name(board: Board, tmp_path: Path) -> None:
    typed = (
        *("batch-endpoint", "invoke", "--name", ENDPOINT, "--input", board.files("a.txt", "b.txt", "c.txt")),
        *("--input-type", "uri_folder", "--mini-batch-size", "2", "--job-name", "Friday", "-c", "1"),
        *("--set", "output_file_name=names.csv", "retry_settings.max_retries=1", "environment_variables.COLOUR=blue"),
        *("--inputs", "greeting=good day", "--idempotency-key", "Friday's", "--query", "id", "-o", "tsv"),
    )
    at_once = [batchpoint(*typed) for _ in range(2)]
    first, second = (sent.communicate(timeout=120) for sent in at_once)
    assert first == second
    assert first[0] != ""
    streamed = batchpoint("job", "stream", "-n", "Friday")
    stdout, stderr = streamed.communicate(timeout=120)
    assert (streamed.returncode, stderr) == (0, ""), stdout
    lines = stdout.splitlines()
    assert lines[0] == f"Job Friday on {ENDPOINT} / names"
    assert lines[1].startswith("Web view: http://127.0.0.1:")
    assert any("the script is ready: good day blue" in line for line in lines)
    assert "100 % 3 of 3 files, 0 failed" in lines
    assert lines[-2].startswith("Completed: 3 files scored; output: ")
    assert lines[-1] == "to fetch it: batchpoint job download --name Friday --output-name score"

    shown, _ = batchpoint("job", "show", "--name", "Friday").communicate(timeout=60)
    job = json.loads(shown)
    assert (job["status"], job["state"], job["files"]["scored"]) == ("Completed", "Completed", 3)
    assert Path(job["output"], "names.csv").exists()
    assert job["settings"]["literals"] == {"greeting": "good day"}
    assert batchpoint(*typed).communicate(timeout=60) == (f"{job['id']}\n", "")
    assert jobs.show(board.store, board.client, job["id"]).name == "Friday"
    so_far = batchpoint("job", "stream", "-n", "Friday", "--no-follow", "--log-level", "warning")
    told = so_far.communicate(timeout=60)[0].splitlines()
    assert (so_far.returncode, told[-2:]) == (0, lines[-2:])
    assert not any("the script is ready" in line for line in told)
    listed = jobs.list_all(board.store, board.client, endpoint=ENDPOINT)
    assert listed[0].name == listed[0].display_name == "Friday"
    assert counted(board.client, listed)[0].progress == Counted(files=3, done=3, failed=0)
    assert jobs.read(board.client, job["id"][:8]).name == "Friday"
    assert listed[0].deployment_name == "names"

    for _ in range(2):
        fetched = batchpoint("job", "download", "--name", "Friday", "--output-name", "score", "-p", str(tmp_path))
        fetched.communicate(timeout=60)
        assert fetched.returncode == 0
    folder = tmp_path / "named-outputs" / "score"
    assert sorted(path.name for path in folder.iterdir()) == [
        "failures.jsonl",
        "names.csv",
        "report.html",
        "summary.json",
    ]
    assert (folder / "names.csv").read_text().splitlines() == ["prediction", "a.txt", "b.txt", "c.txt"]
    timings = json.loads((folder / "summary.json").read_text())["timings"]
    assert list(timings) == [*STAGES, *BESIDE]
    assert all(seconds >= 0 for seconds in timings.values())
    assert any(line.endswith("Seconds of each stage: " + spelled(timings)) for line in lines)

    logs = {option: batchpoint("job", "logs", "-n", "Friday", *option).communicate(timeout=60) for option in LOGS}
    overview, slot, errors, nowhere, both = logs.values()
    assert "slot 0: attempt 1 at mini-batch 0 began" in overview[0]
    assert overview[0].splitlines()[-1].endswith("Z Completed: 3 files scored")
    assert slot[0].splitlines()[0].endswith("Z [mini-batch 0] the script is ready: good day blue")
    assert errors == ("", "")
    assert nowhere == ("", "error: in slot 7 of job 'Friday' nothing was printed; slots with output: 0\n")
    assert "--slot and --errors are different logs" in both[1]
    names = {path.name for path in download_all(board.store, board.client, "Friday", tmp_path / "all")}
    assert {"mini-batches.csv", "resources.csv", "overview.log", "errors.log", "slot-0.log"} <= names

    page = tmp_path / "page.html"
    told, _ = batchpoint("job", "report", "-n", "Friday", "--to", str(page)).communicate(timeout=60)
    assert json.loads(told) == str(page)
    assert page.read_bytes() == (folder / "report.html").read_bytes()
    assert b"All 3 files were scored in" in page.read_bytes()
    advice, _ = batchpoint("job", "advise", "-n", "Friday").communicate(timeout=60)
    assert all(
        {"finding", "change", "gain"} <= each.keys() for each in json.loads(advice)
    )  # what, is a matter of speed

    with pytest.raises(ConflictError, match="a job 'Friday' already"):
        board.invoke("names", job_name="Friday")
    with pytest.raises(ConflictError, match="has ended already: Completed"):
        jobs.cancel(board.store, board.client, "Friday")
    with pytest.raises(UnusableError, match="its only one is 'score'"):
        download(board.store, board.client, "Friday", tmp_path, "logs")


def test_a_job_that_fails_ends_the_wait_with_its_cause_and_exit_code_1_and_a_retry_tells_only_its_own_news(
    board: Board, tmp_path: Path
) -> None:
    waited = batchpoint(
        *("batch-endpoint", "invoke", "-n", ENDPOINT, "-d", "broken", "--input", board.files("a.txt"), "--wait")
    )
    stdout, news = waited.communicate(timeout=120)
    assert waited.returncode == 1
    assert "Failed: " in news.splitlines()[-1]
    assert "the weights are for another model" in news.splitlines()[-1]
    assert news.count("init() of the scoring script failed") == 1, f"it is told once\n{news}"
    job = jobs.show(board.store, board.client, json.loads(stdout)["name"])
    assert job.status == json.loads(stdout)["status"] == "Failed"
    with pytest.raises(ConflictError, match="left no output; it ended Failed"):
        download(board.store, board.client, job.name, tmp_path)
    assert tmp_path / "artifacts/manifest.json" in download_all(board.store, board.client, job.name, tmp_path)
    page = reports.fetch(board.store, board.client, job.name).read_text()
    assert "0 of 1 files were scored; 1 was not reached: the job is Failed." in page
    assert "the weights are for another model" in page

    retried = datetime.now(UTC)
    board.client.set_flow_run_state(job.id, AwaitingRetry(), force=True)
    board.wait(job, lambda now: now.has_ended and now.end_time > retried)
    told = wait_for(lambda: [each.at for each in follow(board.client, job.name) if isinstance(each, Line)])
    assert min(told) > retried


def watch_on_a_terminal(job: str) -> None:
    """Look at a job that runs as people do, and leave it."""
    terminal = Terminal(80, 24)
    on_it = {"stdin": terminal.theirs, "stdout": terminal.theirs, "stderr": terminal.theirs, "start_new_session": True}
    seen = subprocess.Popen(command("job", "stream", "-n", job), **on_it, env=os.environ | {"TERM": "xterm"})
    wait_for(lambda: any(line.startswith("slot 0  mini-batch 0, ") for line in terminal.lines))
    assert any(line.endswith("  0 % 0 of 2 files") for line in terminal.lines)
    seen.send_signal(signal.SIGINT)
    assert seen.wait(30) == 130
    assert "left the job running" in "".join(terminal.close())


def test_a_running_job_is_on_loopback_only_outlives_ctrl_c_and_is_ended_by_cancel(board: Board, tmp_path: Path) -> None:
    job = board.invoke("slow")
    streamed = batchpoint("job", "stream", "-n", job.name)
    assert streamed.stdout is not None
    assert streamed.stdout.readline() == f"Job {job.name} on {ENDPOINT} / slow\n"
    board.wait(job, lambda now: now.status == "Running" and len(processes_for(job.name)) > 1)
    assert listening(processes_of(Home(home()))) == {"127.0.0.1"}
    with pytest.raises(ConflictError, match="is Running; its output is there when it has ended"):
        download(board.store, board.client, job.name, tmp_path)
    with pytest.raises(ConflictError, match="is Running; its report is there when it has ended"):
        reports.fetch(board.store, board.client, job.name)
    with pytest.raises(ConflictError, match=f"is Running; cancel it first: batchpoint job cancel --name {job.name}"):
        removal.delete(board.store, board.client, job.name)
    assert job.name not in [each.name for each in removal.plan(board.store, board.client, timedelta(0)).going]
    watch_on_a_terminal(job.name)
    streamed.send_signal(signal.SIGINT)
    _, stderr = streamed.communicate(timeout=30)
    assert streamed.returncode == 130
    assert stderr == (
        f"left the job running; to follow it: batchpoint job stream --name {job.name}; to end it: batchpoint job "
        f"cancel --name {job.name}\n"
    )
    assert jobs.read(board.client, job.name).status == "Running"

    asked = time.monotonic()
    assert jobs.cancel(board.store, board.client, job.name).status == "Canceled"
    assert time.monotonic() - asked < 30  # 10 on a machine that has nothing else to do
    assert processes_for(job.name) == []
    assert jobs.cancel(board.store, board.client, job.name).status == "Canceled"
    streamed = batchpoint("job", "stream", "-n", job.name)
    streamed.communicate(timeout=60)
    assert streamed.returncode == 4
    page = reports.fetch(board.store, board.client, job.name, tmp_path / "page.html").read_text()
    assert "0 of 2 files were scored; 2 were not reached: the job is Canceled." in page


def test_a_job_is_deleted_when_it_has_ended_and_no_other_stands_on_it(board: Board, tmp_path: Path) -> None:
    first = board.wait(board.invoke("names"), lambda now: now.has_ended)
    assert first.display_name == f"{ENDPOINT} / names / {str(first.id)[:8]}"
    assert {f"endpoint:{ENDPOINT}", "deployment:names"} <= {*board.client.read_flow_run(first.id).tags}
    between = datetime.now(UTC)
    # Prefect's own doors name no deployment, and so it is the default.
    endpoint = prefect_deployment_of(board.client, ENDPOINT)
    run = board.client.create_flow_run_from_deployment(endpoint.id, parameters={"input": first.output})
    second = board.wait(jobs.read(board.client, str(run.id)), lambda now: now.has_ended)
    listed = jobs.list_all(board.store, board.client, endpoint=ENDPOINT, deployment="names")
    assert [(job.id, job.deployment_name) for job in listed[:2]] == [(second.id, "names"), (first.id, "names")]

    page = reports.fetch(board.store, board.client, second.name).read_text()
    assert f"previous completed job, <code>{first.id}</code> (deployment names, 2 rows" in page

    with pytest.raises(ConflictError, match=f"is needed by job '{second.name}', which refers to its folder"):
        removal.delete(board.store, board.client, first.name)
    planned = removal.plan(board.store, board.client, datetime.now(UTC) - between)
    assert first.id in [job.id for job in planned.kept]
    assert not {first.id, second.id} & {job.id for job in planned.going}
    everything = removal.plan(board.store, board.client, timedelta(0))
    assert {first.id, second.id} <= {job.id for job in everything.going}

    deleted, _ = batchpoint("job", "delete", "--name", second.name, "--yes").communicate(timeout=60)
    assert json.loads(deleted)["freed_bytes"] > 0
    with pytest.raises(JobNotFoundError):
        jobs.show(board.store, board.client, second.name)
    pruned = removal.prune(board.store, board.client, removal.Plan(going=[first, second], kept=[]))
    assert [job.id for job in pruned.deleted] == [first.id]
    assert not any(Path(job.output).parent.exists() for job in (first, second))


def test_a_job_can_be_canceled_before_it_starts_and_while_it_starts(board: Board) -> None:
    at_once = board.invoke("slow")
    assert jobs.cancel(board.store, board.client, at_once.name).status == "Canceled"
    # A start can be over between two looks, and then it is canceled with its scoring processes still starting.
    starting = board.wait(board.invoke("slow"), lambda now: now.status in {"Starting", "Running"})
    assert jobs.cancel(board.store, board.client, starting.name).status == "Canceled"
    wait_for(lambda: not processes_for(at_once.name) + processes_for(starting.name))


def test_a_cancellation_waits_for_the_last_word_on_a_job_whose_process_says_that_it_crashed(board: Board) -> None:
    run = board.client.create_flow_run(score_job, parameters={"input": "/nowhere"}, state=Running())
    job = jobs.show(board.store, board.client, str(run.id))
    tell = partial(board.client.set_flow_run_state, run.id, force=True)
    with ThreadPoolExecutor() as threads:
        canceled = threads.submit(jobs.cancel, board.store, get_client(sync_client=True), job.name)
        board.wait(job, lambda now: now.status == "CancelRequested")
        tell(Crashed())  # a process that had just begun when SIGTERM came says so
        assert wait([canceled], timeout=1).not_done
        tell(Cancelled())  # Prefect's worker, 3 s after it sent that
        assert canceled.result(timeout=10).status == "Canceled"


@pytest.mark.parametrize("name", ["nobody", "00000000-0000-4000-8000-000000000001"])
def test_a_job_that_is_not_there_is_named(board: Board, name: str) -> None:
    with pytest.raises(JobNotFoundError, match=f"there is no job '{name}'"):
        jobs.show(board.store, board.client, name)
