"""Azure's article on deploying models to batch endpoints, followed from top to bottom with `batchpoint` for `az ml`.

Every command is the article's, in its order, in a folder laid out as that of its example. Only the images come from
this machine, over HTTP, instead of from a public store.
"""

import functools
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pandas as pd
import pytest

from deployments.embedded import Connection

# With what the fixture takes on a busy machine.
pytestmark = [pytest.mark.server, pytest.mark.slow, pytest.mark.timeout(900)]

BATCHPOINT = str(Path(sys.executable).with_name("batchpoint"))
MNIST = Path(__file__).parents[2] / "examples" / "mnist"
IMAGES = 40
NAME = "mnist-batch-Ab12c"
OUTPUT_PATH = f"azureml://datastores/workspaceblobstore/paths/{NAME}"


def plain_environment() -> dict[str, str]:
    """A person's environment, which says nothing of Prefect; and no browser is opened, wherever the tests run."""
    screens = {"DISPLAY", "WAYLAND_DISPLAY", "BROWSER"}
    return {key: value for key, value in os.environ.items() if key not in screens and not key.startswith("PREFECT_")}


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder and says nothing about it."""

    def log_message(self, *args: object) -> None:
        pass


@dataclass
class Walk:
    """The article's commands as they are typed, and what each printed."""

    folder: Path
    input: str
    said: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    jobs: dict[str, str] = field(default_factory=dict)

    def az(self, step: str, command: str) -> str:
        """Type a command that must succeed; `step` is what the article does with it."""
        az, ml, *words = shlex.split(command)
        assert (az, ml) == ("az", "ml")
        done = subprocess.run(
            [BATCHPOINT, *words], cwd=self.folder, env=plain_environment(), capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        self.said[step], self.notes[step] = done.stdout, done.stderr
        return done.stdout

    def invoke(self, step: str, options: str) -> str:
        """Send a job, its name into a variable as the article does; the name."""
        typed = f"az ml batch-endpoint invoke --name {NAME} --input {self.input} {options} --query name -o tsv"
        self.jobs[step] = self.az(step, typed).strip()
        return self.jobs[step]

    def printed(self, step: str) -> dict[str, object]:
        """What a step printed, as JSON."""
        printed = json.loads(self.said[step])
        assert isinstance(printed, dict)
        return printed


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a folder of digits, four of each."""
    folder = tmp_path_factory.mktemp("sample")
    for path in sorted((MNIST / "data").iterdir())[:: 200 // IMAGES]:
        shutil.copy(path, folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def walk(server: Connection, images: str, tmp_path_factory: pytest.TempPathFactory) -> Walk:
    folder = tmp_path_factory.mktemp("article") / "mnist-classifier"
    shutil.copytree(MNIST, folder, ignore=shutil.ignore_patterns("data", "__pycache__"))
    walk = Walk(folder, images)
    create_endpoint_and_deployment(walk)
    run_and_access_results(walk)
    add_a_deployment(walk)
    delete(walk)
    return walk


def create_endpoint_and_deployment(walk: Walk) -> None:
    walk.az("compute", "az ml compute create -n batch-cluster --type amlcompute --min-instances 0 --max-instances 5")
    walk.az("endpoint", f"az ml batch-endpoint create --file endpoint.yml --name {NAME}")
    walk.az(
        "model", "az ml model create --name mnist-classifier-torch --type custom_model --path deployment-torch/model"
    )
    walk.az(
        "deployment",
        f"az ml batch-deployment create --file deployment-torch/deployment.yml --endpoint-name {NAME} --set-default",
    )
    walk.az("show endpoint", f"az ml batch-endpoint show --name {NAME}")
    walk.az("show deployment", f"az ml batch-deployment show --name mnist-torch-dpl --endpoint-name {NAME}")


def run_and_access_results(walk: Walk) -> None:
    job = walk.invoke("run", "--input-type uri_folder")
    walk.az("monitor", f"az ml job show -n {job} --web")
    walk.az("stream", f"az ml job stream -n {job}")
    walk.az("status", f"az ml job show -n {job} --query status -o tsv")
    walk.invoke("set output", f"--output-path {OUTPUT_PATH} --set output_file_name=predictions_4711.csv")
    job = walk.invoke("overwrite", "--mini-batch-size 20 --instance-count 5")
    walk.az("stream overwritten", f"az ml job stream -n {job}")
    walk.az("show overwritten", f"az ml job show -n {job}")
    walk.az("download", f"az ml job download --name {job} --output-name score --download-path ./")
    walk.az(
        "list jobs",
        f"az ml batch-deployment list-jobs --name mnist-torch-dpl --endpoint-name {NAME} --query [].name",
    )


def add_a_deployment(walk: Walk) -> None:
    walk.az(
        "keras model",
        "az ml model create --name mnist-classifier-keras --type custom_model --path deployment-keras/model",
    )
    walk.az(
        "keras deployment",
        f"az ml batch-deployment create --file deployment-keras/deployment.yml --endpoint-name {NAME}",
    )
    job = walk.invoke("non-default", "--deployment-name mnist-keras-dpl --input-type uri_folder")
    walk.az("monitor non-default", f"az ml job show -n {job} --web")
    walk.az("stream non-default", f"az ml job stream -n {job}")
    walk.az("new default", f"az ml batch-endpoint update --name {NAME} --set defaults.deployment_name=mnist-keras-dpl")
    walk.az("verify default", f'az ml batch-endpoint show --name {NAME} --query "{{Name:name, Defaults:defaults}}"')
    job = walk.invoke("default", "--input-type uri_folder")
    walk.az("stream default", f"az ml job stream -n {job}")


def delete(walk: Walk) -> None:
    walk.az("delete deployment", f"az ml batch-deployment delete --name mnist-torch-dpl --endpoint-name {NAME} --yes")
    walk.az("deployments left", f"az ml batch-deployment list --endpoint-name {NAME} --query [].name -o tsv")
    walk.az("delete endpoint", f"az ml batch-endpoint delete --name {NAME} --yes")
    walk.az("endpoints left", "az ml batch-endpoint list --query [].name -o tsv")
    for step, job in walk.jobs.items():
        walk.az(f"{step} afterwards", f"az ml job show --name {job}")


def test_the_cluster_is_created_and_a_note_says_what_it_is_here(walk: Walk) -> None:
    created = walk.printed("compute")
    assert (created["name"], created["type"], created["max_instances"]) == ("batch-cluster", "local", 5)
    assert "amlcompute is taken as local" in walk.notes["compute"]


def test_the_endpoint_has_the_name_from_the_flag_and_a_uri_that_takes_jobs(walk: Walk) -> None:
    created = walk.printed("endpoint")
    assert (created["name"], created["provisioning_state"]) == (NAME, "Succeeded")
    assert re.fullmatch(
        r"http://127\.0\.0\.1:\d+/api/deployments/[-0-9a-f]{36}/create_flow_run", str(created["scoring_uri"])
    )
    shown = walk.printed("show endpoint")
    assert shown["defaults"] == {"deployment_name": "mnist-torch-dpl"}


def test_the_deployment_takes_the_model_that_was_registered_and_keeps_its_environment(walk: Walk) -> None:
    model, shown = walk.printed("model"), walk.printed("show deployment")
    assert shown == walk.printed("deployment")
    assert shown["model"] == model["id"] == f"azureml:mnist-classifier-torch:{model['version']}"
    assert str(shown["environment"]).startswith("azureml:batch-torch:")
    assert shown["is_default"] is True


def test_invoke_prints_the_jobs_name_alone(walk: Walk) -> None:
    assert all(re.fullmatch(r"[-0-9a-f]{36}", job) for job in walk.jobs.values())


def test_the_page_of_a_job_is_linked_where_there_is_no_browser(walk: Walk) -> None:
    for step, monitored in (("run", "monitor"), ("non-default", "monitor non-default")):
        assert walk.printed(monitored)["name"] == walk.jobs[step]
        page = rf"Web view: http://127\.0\.0\.1:\d+/runs/flow-run/{walk.jobs[step]}\n"
        assert re.fullmatch(page, walk.notes[monitored])


def test_stream_begins_with_the_page_of_the_job_and_ends_with_how_it_went(walk: Walk) -> None:
    first, page, *_, verdict, fetch = walk.said["stream"].splitlines()
    assert first == f"Job {walk.jobs['run']} on {NAME} / mnist-torch-dpl"
    assert re.fullmatch(r"Web view: http://127\.0\.0\.1:\d+/runs/flow-run/\S+", page)
    assert verdict.startswith(f"Completed: {IMAGES} files scored; output: ")
    assert fetch == f"to fetch it: batchpoint job download --name {walk.jobs['run']} --output-name score"
    assert "it has a header and commas" in walk.said["stream"]
    assert walk.said["status"] == "Completed\n"


def test_the_output_goes_where_it_was_told_to_and_is_called_so(walk: Walk) -> None:
    output = Path(str(walk.printed("set output afterwards")["output"]))
    assert output.name == NAME
    written = ["failures.jsonl", "predictions_4711.csv", "report.html", "summary.json"]
    assert sorted(path.name for path in output.iterdir()) == written
    assert len(pd.read_csv(output / "predictions_4711.csv")) == IMAGES


def test_an_override_changes_that_job_alone(walk: Walk) -> None:
    assert walk.printed("show overwritten")["settings"] == {"mini_batch_size": 20, "instance_count": 5}
    assert walk.printed("run afterwards")["settings"] == {}
    assert "Completed: " in walk.said["stream overwritten"]


def test_the_scores_are_downloaded_and_read_the_digits_right(walk: Walk) -> None:
    rows = pd.read_csv(walk.folder / "named-outputs" / "score" / "predictions.csv")
    assert len(rows) == IMAGES
    assert (rows["file"].str.extract(r"digit-(\d)-")[0].astype(int) == rows["prediction"]).mean() >= 0.95


def test_the_deployments_jobs_are_listed_the_newest_first(walk: Walk) -> None:
    assert json.loads(walk.said["list jobs"]) == [walk.jobs[step] for step in ("overwrite", "set output", "run")]


def test_a_second_deployment_is_tested_by_name_and_then_made_the_default(walk: Walk) -> None:
    assert walk.printed("keras deployment")["is_default"] is False
    shown = json.loads(walk.said["verify default"])
    assert shown == {"Name": NAME, "Defaults": {"deployment_name": "mnist-keras-dpl"}}
    for step in ("non-default", "default"):
        assert walk.printed(f"{step} afterwards")["deployment_name"] == "mnist-keras-dpl"
        assert f"Completed: {IMAGES} files scored" in walk.said[f"stream {step}"]


def test_deployment_and_endpoint_are_deleted_and_the_jobs_stay(walk: Walk) -> None:
    assert walk.said["delete deployment"] == walk.said["delete endpoint"] == ""
    assert walk.said["deployments left"] == "mnist-keras-dpl\n"
    assert NAME not in walk.said["endpoints left"].splitlines()
    for step, job in walk.jobs.items():
        left = walk.printed(f"{step} afterwards")
        assert (left["name"], left["status"]) == (job, "Completed")
