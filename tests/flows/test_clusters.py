"""Jobs on a Dask cluster of other processes, that others may use as well and whose Dask workers may die."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import distributed
import pandas as pd
import psutil
import pytest
from prefect.states import Cancelling

from blocks.specs import Compute, Datastore, Deployment, Endpoint
from deployments.declarations import declare, read
from deployments.embedded import health
from deployments.service import computes, datastores, deployments, endpoints, resumption
from tests.flows.conftest import Jobs, launcher_of, processes_of, wait_for
from tests.object_stores import ADMIN, S3Server, save_credentials
from tests.process_table import command_of

pytestmark = [pytest.mark.server, pytest.mark.slow]

MNIST = Path(__file__).parents[2] / "examples" / "mnist"
NOTES_CALLS = """
    import os, time
    def init(): print("loaded in", os.getppid())
    def run(mini_batch):
        with open({notes!r}, "a") as notes:
            notes.write(os.path.basename(mini_batch[0]) + "\\n")
        while os.path.basename(mini_batch[0]) == {waits_on!r} and not os.path.exists({go_on!r}):
            time.sleep(0.02)
        time.sleep({seconds})
        return [os.path.basename(path) for path in mini_batch]
"""
HANGS = """
    import ctypes
    def init(): pass
    def run(mini_batch): ctypes.PyDLL(None).sleep(600)  # with the GIL held
"""


@pytest.fixture(scope="module")
def cluster(jobs: Jobs) -> Iterator[distributed.LocalCluster]:
    """Two Dask worker processes of two threads each: a job of two slots must not take all four."""
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=2,
        processes=True,
        dashboard_address="127.0.0.1:0",
        worker_dashboard_address="127.0.0.1:0",
    ) as made:
        compute = Compute(name="cluster", type="dask", address=made.scheduler_address, max_instances=2)
        computes.create(jobs.store, jobs.launcher, compute)
        yield made


@pytest.fixture
def script(tmp_path: Path) -> dict[str, str]:
    return {"notes": str(tmp_path / "notes"), "go_on": str(tmp_path / "go-on"), "waits_on": ""}


def starters_of(job: str) -> list[int]:
    """For each scoring process of a job, the process of the Dask worker that started it."""
    working = processes_of(job)
    guardians = [each for each in working if "guardian.py" in " ".join(command_of(each))]
    parents = [parent for guardian in guardians if (parent := guardian.parent()) is not None]
    # A guardian's child bears the guardian's name until it becomes the script.
    return [parent.pid for parent in parents if parent not in working]


def most_at_once(jobs: Jobs, job: str) -> int:
    """Wait until a job has completed and left no process; how many scoring processes it had at most at once."""
    most = 0

    def ended() -> bool:
        nonlocal most
        most = max(most, len(starters_of(job)))
        state = jobs.read(job).state
        return state is not None and state.is_final()

    wait_for(ended, 120)
    run = jobs.read(job)
    assert run.state_name == "Completed", run.state.message if run.state else run
    assert not processes_of(job)
    return most


def called_again(notes: Path) -> set[str]:
    """The files that the script was given more than once."""
    calls = notes.read_text().split()
    return {name for name in calls if calls.count(name) > 1}


def files_in(parts: list[str]) -> set[str]:
    """The files of a job, one in each mini-batch, that lie in parts of these names."""
    spans = [map(int, part.removesuffix(".part").split("-")) for part in parts]
    return {f"{number:04d}.txt" for first, last in spans for number in range(first, last + 1)}


def test_a_job_on_a_cluster_writes_the_same_bytes_with_no_more_scoring_processes_than_slots(
    jobs: Jobs, cluster: distributed.LocalCluster, script: dict[str, str]
) -> None:
    text = NOTES_CALLS.format(**script, seconds=0.05)
    endpoint = jobs.endpoint(text, compute="cluster", mini_batch_size=1, max_concurrency_per_instance=2)
    job = jobs.send(endpoint, input=jobs.files(60))
    assert most_at_once(jobs, job) == 2
    assert jobs.rows(job) == ["prediction", *(f"{number:04d}.txt" for number in range(60))]
    assert sorted(Path(script["notes"]).read_text().split()) == [f"{number:04d}.txt" for number in range(60)]


def test_the_mnist_example_reads_its_digits_on_a_cluster_with_no_more_scoring_processes_than_slots(
    jobs: Jobs, cluster: distributed.LocalCluster
) -> None:
    example = read(MNIST / "deployment-torch" / "deployment.yml")
    for key, value in {"endpoint_name": "mnist-on-a-cluster", "compute": "azureml:cluster"}.items():
        example.put((key,), value, key)
    endpoints.create(jobs.store, jobs.launcher, Endpoint(name="mnist-on-a-cluster"))
    deployments.create(jobs.store, jobs.launcher, declare(Deployment, example).spec, set_default=True)
    job = jobs.send("mnist-on-a-cluster", input=str(MNIST / "data"))
    assert most_at_once(jobs, job) in {1, 2}
    rows = pd.read_csv(jobs.folder_of(job) / "score" / "predictions.csv")
    assert list(rows["file"]) == sorted(path.name for path in (MNIST / "data").iterdir())
    assert (rows["file"].str.extract(r"digit-(\d)-")[0].astype(int) == rows["prediction"]).mean() >= 0.95


def test_a_dask_worker_killed_in_mid_chunk_costs_what_it_was_doing_and_nothing_else(
    jobs: Jobs, cluster: distributed.LocalCluster, script: dict[str, str]
) -> None:
    script["waits_on"] = "0010.txt"
    text = NOTES_CALLS.format(**script, seconds=0)
    endpoint = jobs.endpoint(text, compute="cluster", mini_batch_size=1, retry_settings={"max_retries": 0})
    job = jobs.send(endpoint, input=jobs.files(40))
    notes = Path(script["notes"])
    wait_for(lambda: notes.exists() and "0010.txt" in notes.read_text())
    stored = os.listdir(jobs.folder_of(job) / "parts")
    psutil.Process(starters_of(job).pop()).kill()
    wait_for(lambda: notes.read_text().count("0010.txt") == 2)
    Path(script["go_on"]).touch()
    assert jobs.finish(job).state_name == "Completed"
    assert jobs.rows(job) == ["prediction", *(f"{number:04d}.txt" for number in range(40))]
    assert not called_again(notes) & files_in(stored), "stored work was done again"


@pytest.mark.parametrize("how", ["cancel", "kill"])
def test_whatever_ends_the_flow_ends_its_scripts_on_the_cluster(
    how: str, jobs: Jobs, cluster: distributed.LocalCluster
) -> None:
    job = jobs.send(jobs.endpoint(HANGS, compute="cluster"), input=jobs.files(2))
    wait_for(lambda: any("program.py" in " ".join(command_of(each)) for each in processes_of(job)))
    if how == "cancel":
        jobs.client.set_flow_run_state(jobs.read(job).id, Cancelling())
        assert jobs.finish(job).state_name == "Cancelled"
    else:
        launcher_of(job).kill()
    wait_for(lambda: not processes_of(job))


@dataclass
class Apart:
    """A Dask scheduler, at the same address each time it is started, and a Dask worker, as processes of their own."""

    folder: Path
    port: int = field(default_factory=health.free_port)
    started: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    def start(self) -> "subprocess.Popen[bytes]":
        """Start both; the scheduler's process, once it listens."""
        dask = str(Path(sys.executable).with_name("dask"))
        scheduler = [dask, "scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard"]
        worker = [dask, "worker", f"tcp://127.0.0.1:{self.port}", "--nthreads", "1", "--no-nanny", "--no-dashboard"]
        with (self.folder / "dask.log").open("a") as log:
            pair = [subprocess.Popen(line, stdout=log, stderr=log, cwd=self.folder) for line in (scheduler, worker)]
        self.started += pair
        wait_for(lambda: not health.is_free(self.port))
        return pair[0]


@pytest.fixture
def apart(tmp_path: Path) -> Iterator[Apart]:
    made = Apart(tmp_path)
    yield made
    for process in made.started:
        process.kill()
        process.wait()


def test_a_dask_scheduler_killed_in_mid_job_fails_it_and_the_job_is_resumed_when_there_is_one_again(
    jobs: Jobs, apart: Apart, script: dict[str, str]
) -> None:
    scheduler = apart.start()
    address = f"tcp://127.0.0.1:{apart.port}"
    computes.create(jobs.store, jobs.launcher, Compute(name="apart", type="dask", address=address, max_instances=2))
    script["waits_on"] = "0010.txt"
    endpoint = jobs.endpoint(NOTES_CALLS.format(**script, seconds=0), compute="apart", mini_batch_size=1)
    job = jobs.send(endpoint, input=jobs.files(40))
    notes = Path(script["notes"])
    wait_for(lambda: notes.exists() and "0010.txt" in notes.read_text())
    before = jobs.folder_of(job) / "parts"
    wait_for(lambda: any(before.glob("*.part")))
    stored = os.listdir(before)
    scheduler.kill()
    wait_for(lambda: not processes_of(job), 10)
    run = jobs.finish(job)
    assert run.state_name == "Failed"
    assert f"the Dask scheduler at {address} is gone; resume the job when there is one again" in str(run.state.message)
    Path(script["go_on"]).touch()
    apart.start()
    resumption.resume(jobs.store, jobs.client, job)
    assert jobs.wait(job, lambda run: run.state_name == "Completed")
    assert jobs.rows(job) == ["prediction", *(f"{number:04d}.txt" for number in range(40))]
    assert not called_again(notes) & files_in(stored), "stored work was done again"


def test_a_cluster_that_is_not_there_is_named_in_the_jobs_state(jobs: Jobs) -> None:
    nowhere = Compute(name="nowhere", type="dask", address="tcp://127.0.0.1:1", max_instances=1)
    computes.create(jobs.store, jobs.launcher, nowhere)
    job = jobs.send(jobs.endpoint(HANGS, compute="nowhere"), input=jobs.files(1))
    run = jobs.finish(job)
    assert run.state_name == "Failed"
    assert run.state is not None
    assert "no Dask scheduler answers at tcp://127.0.0.1:1" in str(run.state.message)


def test_dask_workers_open_a_bucket_with_credentials_that_never_pass_through_dask(jobs: Jobs, cluster, s3: S3Server):
    for number in range(8):
        s3.fs().pipe_file(f"data/cluster/in/{number}", str(number).encode())
    credentials = save_credentials("afar", ADMIN, s3)
    bucket = Datastore(name="afar", type="s3", root="s3://data/cluster", credentials=credentials)
    datastores.create(jobs.store, bucket)
    reads = "def run(mini_batch): return [open(path).read() for path in mini_batch]"
    endpoint = jobs.endpoint(reads, compute="cluster", output_format="azureml")
    kept = {"datastore": bucket.name}
    job = jobs.send(endpoint, input="s3://data/cluster/in", output="s3://data/cluster/out", settings=kept)
    assert jobs.finish(job, 90).state.name == "Completed"
    assert len(s3.fs().ls(f"data/cluster/azureml/{job}/results")) == 1
    assert s3.fs().cat_file("data/cluster/out/predictions.csv").split() == [str(number).encode() for number in range(8)]
