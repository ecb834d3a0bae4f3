"""Jobs whose folders lie in a bucket: what Prefect and a resumed job find again there, and what goes with them."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.states import AwaitingRetry

from blocks.specs import Datastore, Endpoint
from deployments.service import datastores, endpoints, removal, resumption
from deployments.service.downloads import download_all
from deployments.service.errors import ConflictError
from deployments.service.job_files import with_files
from deployments.service.jobs import read, show
from deployments.service.replaying import replay
from tests.flows.conftest import Jobs, flow_process_of, wait_for
from tests.object_stores import ADMIN, S3Server, save_credentials

pytestmark = [pytest.mark.server, pytest.mark.slow]

NOTES_CALLS = """
    import os, time
    def init(): pass
    def run(mini_batch):
        print("at", len(mini_batch))
        names = [os.path.basename(path) for path in mini_batch]
        with open(os.environ["NOTES"], "a") as notes: notes.write("".join(name + "\\n" for name in names))
        if os.environ["FAULT"] == "raises":
            own = os.path.join(os.environ["AZUREML_BI_OUTPUT_PATH"], names[0] + ".own")
            with open(own, "w") as file: file.write("own")
            if "0007.txt" in names and not os.path.exists(os.environ["GO_ON"]): raise ValueError("no number")
        while "0005.txt" in names and os.environ["FAULT"] == "waits" and not os.path.exists(os.environ["GO_ON"]):
            time.sleep(0.02)
        return names
"""
ROOT = "data/jobs-shelf"
ROWS = ["prediction", *(f"{number:04d}.txt" for number in range(8))]


@pytest.fixture(scope="module")
def shelf(jobs: Jobs, s3: S3Server) -> Datastore:
    """A datastore in the S3 server."""
    credentials = save_credentials("jobs-shelf", ADMIN, s3)
    declared = Datastore(name="jobs-shelf", type="s3", root=f"s3://{ROOT}", credentials=credentials)
    return datastores.create(jobs.store, declared)


@pytest.fixture(scope="module")
def endpoint(jobs: Jobs, shelf: Datastore) -> str:
    """An endpoint whose jobs are kept there."""
    name = jobs.endpoint(
        NOTES_CALLS,
        compute="resumed",
        mini_batch_size=1,
        error_threshold=0,
        retry_settings={"max_retries": 0, "timeout": 60},
    )
    endpoints.update(jobs.store, jobs.launcher, Endpoint(name=name, datastore=shelf.name.upper()))
    return name


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    return tmp_path / "notes"


def send(jobs: Jobs, endpoint: str, notes: Path, fault: str, inputs: str | None = None, **settings: Any) -> str:
    variables = {"NOTES": str(notes), "GO_ON": str(notes.with_name("go-on")), "FAULT": fault}
    return jobs.send(endpoint, input=inputs or jobs.files(8), settings={"environment_variables": variables, **settings})


def in_bucket(s3: S3Server, job: str) -> set[str]:
    """What lies in a job's folder in the bucket; the server tells of the folder itself a while longer."""
    folder = f"{ROOT}/azureml/{job}"
    return {name.removeprefix(f"{folder}/") for name in s3.fs().find(folder)} - {folder}


def test_prefects_retry_finds_results_in_the_bucket_and_scores_only_what_failed(
    jobs: Jobs, endpoint: str, s3: S3Server, notes: Path, tmp_path: Path
) -> None:
    job = send(jobs, endpoint, notes, "raises")
    failed = jobs.finish(job)
    assert (failed.state.name, failed.state.message.split(";")[0]) == ("Failed", "error_threshold is 0")
    again = replay(jobs.store, jobs.client, job, file="0007.txt")
    assert (again.is_as_in_job, again.mini_batch) == (True, 7)
    assert replay(jobs.store, jobs.client, job, file="0005.txt").first_rows == ("0005.txt",)
    first = notes.read_text().split()
    assert len([name for name in in_bucket(s3, job) if name.startswith("results/")]) == 7
    assert s3.fs().ls(ROOT, detail=False) == [f"{ROOT}/azureml"], "Prefect left pickled exceptions behind"

    notes.with_name("go-on").touch()
    endpoints.update(jobs.store, jobs.launcher, Endpoint(name=endpoint))  # what is declared later moves no job
    jobs.client.set_flow_run_state(failed.id, AwaitingRetry(), force=True)
    jobs.wait(job, lambda run: run.state is not None and run.state.name == "Completed")
    assert notes.read_text().split()[len(first) :] == ["0007.txt"]
    only = FlowRunFilter(id=FlowRunFilterId(any_=[failed.id]))
    task_runs = partial(jobs.client.read_task_runs, flow_run_filter=only)  # written down a moment after the job's end
    wait_for(lambda: [run.state.name for run in task_runs() if run.state is not None].count("Cached") == 7)
    endpoints.update(jobs.store, jobs.launcher, Endpoint(name=endpoint, datastore="jobs-shelf"))

    assert {"manifest.json", "listing.jsonl", "score/summary.json", "leases/000000002"} <= in_bucket(s3, job)
    assert not (jobs.folder_of(job) / "manifest.json").exists()
    shown = show(jobs.store, jobs.client, job)
    assert (shown.output, shown.files and shown.files.scored) == (f"s3://{ROOT}/azureml/{job}/score", 8)
    fetched = {path.name: path for path in download_all(jobs.store, jobs.client, job, tmp_path / "fetched")}
    assert fetched["predictions.csv"].read_text().splitlines() == ROWS
    assert {"manifest.json", "0005.txt.own"} <= set(fetched)
    logs = [path.read_text() for name, path in fetched.items() if name.startswith("slot-0.")]
    assert sum(log.count("at 1") for log in logs) == 9

    assert removal.delete(jobs.store, jobs.client, job).freed_bytes > 0
    assert in_bucket(s3, job) == set()
    assert not jobs.folder_of(job).exists()


def test_a_job_that_was_killed_goes_on_from_the_bucket_and_another_one_keeps_its_rows(
    jobs: Jobs, endpoint: str, s3: S3Server, notes: Path
) -> None:
    inputs = jobs.files(8)
    job = send(jobs, endpoint, notes, "waits", inputs)
    wait_for(lambda: any(name.startswith("parts/") and "0004.part" in name for name in in_bucket(s3, job)))
    flow_process_of(job).kill()
    assert jobs.finish(job).state.name == "Crashed"
    notes.with_name("go-on").touch()
    resumption.resume(jobs.store, jobs.client, job)
    jobs.wait(job, lambda run: run.state is not None and run.state.name == "Completed")
    calls = notes.read_text().split()
    assert {name for name in calls if calls.count(name) > 1} <= {"0005.txt", "0006.txt"}
    assert s3.fs().cat_file(f"{ROOT}/azureml/{job}/score/predictions.csv").decode().splitlines() == ROWS
    later = send(jobs, endpoint, notes, "waits", inputs, since_job=job)
    assert jobs.finish(later).state.message.startswith(f"8 files scored (8 kept of job {job})")


def test_a_job_may_choose_where_it_is_kept_and_is_shown_while_that_is_out_of_reach(
    jobs: Jobs, endpoint: str, notes: Path
) -> None:
    job = send(jobs, endpoint, notes, "none", datastore="workspaceblobstore")
    assert jobs.finish(job).state.name == "Completed"
    assert jobs.rows(job) == ROWS
    out_of_reach = read(jobs.client, job).model_copy(update={"datastore": "gone"})
    assert with_files(jobs.store, out_of_reach).status == "Completed"
    with pytest.raises(ConflictError, match=f"datastore 'jobs-shelf' holds the jobs of endpoint '{endpoint}'"):
        datastores.delete(jobs.store, "jobs-shelf")
