"""The gateway as a person starts it, tokens from the command line, and jobs over HTTP on a real server and worker."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from blocks.specs import Data, Datastore, Deployment, Endpoint
from deployments.service import data, deployments, endpoints
from tests.flows.conftest import wait_for
from tests.jobs.conftest import ENDPOINT, Board, batchpoint, board  # noqa: F401 - board is a fixture

ROOT = Path(__file__).parents[2]
AZURES_SAMPLE = """
wait_for_completion () {
    status="unknown"
    while [[ $status != "Completed" && $status != "Succeeded" && $status != "Failed" && $status != "Canceled" ]]
    do
        result=$(curl -s --location --request GET $1 --header "Authorization: Bearer $2")
        status=$(echo $result | jq -r '.status')
        if [[ -z $status || $status == "null" ]]; then status=$(echo $result | jq -r '.properties.status'); fi
        sleep 0.5
    done
    echo $status
}
response=$(curl -s --location --request POST $SCORING_URI \\
--header "Authorization: Bearer $SCORING_TOKEN" \\
--header "Content-Type: application/json" \\
--data-raw "{
    \\"properties\\": {
        \\"InputData\\": {
            \\"mnistInput\\": {
                \\"JobInputType\\" : \\"UriFolder\\",
                \\"Uri\\": \\"$WORKSPACE/data/azures-sample/versions/1\\",
            }
        },
        \\"outputData\\": {
            \\"uriFile\\": {
                \\"uri\\": \\"azureml://datastores/shelf/paths/azures-sample/batch-endpoint-output.csv\\",
                \\"jobOutputType\\": \\"UriFile\\",
            }
        },
    }
}")
JOB_ID=$(echo $response | jq -r '.id')
JOB_ID_SUFFIX=$(echo ${JOB_ID##/*/})
wait_for_completion $SCORING_URI/$JOB_ID_SUFFIX $SCORING_TOKEN
"""
"""A job as samples for Azure's REST interface send and poll it, in their shell; only URL and token are ours."""
needs_curl = pytest.mark.skipif(
    not (shutil.which("curl") and shutil.which("jq")),
    reason="curl and jq are not installed",
)

pytestmark = [pytest.mark.server, pytest.mark.slow]
ANNOUNCED = re.compile(r"jobs are taken at (http://127\.0\.0\.1:\d+)/endpoints/NAME/jobs")


@pytest.fixture(scope="module")
def url(board: Board) -> Iterator[str]:  # noqa: F811
    process = batchpoint("gateway", "--port", "0", "--allow", "s3://allowed")
    assert process.stderr is not None
    line = process.stderr.readline()
    found = ANNOUNCED.match(line)
    assert found, line + process.stderr.read()
    yield found[1]
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)


def token(*arguments: str) -> dict[str, str]:
    made, _ = batchpoint("token", "create", *arguments).communicate(timeout=60)
    shown: dict[str, str] = json.loads(made)
    return shown


@pytest.fixture(scope="module")
def client(url: str) -> Iterator[httpx.Client]:
    made = token("--endpoint", ENDPOINT, "--role", "invoke", "--expires", "90d")
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {made['token']}"}, timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def shelf(board: Board, tmp_path_factory: pytest.TempPathFactory) -> str:  # noqa: F811
    """A datastore with three files in a folder."""
    folder = tmp_path_factory.mktemp("shelf")
    for name in ("a.txt", "b.txt", "c.txt"):
        (folder / "in").mkdir(exist_ok=True)
        (folder / "in" / name).write_text(name)
    batchpoint("datastore", "create", "-n", "shelf", "--root", str(folder)).communicate(timeout=60)
    return "azureml://datastores/shelf/paths"


def polled(client: httpx.Client, location: str) -> dict[str, object]:
    """Azure's samples poll so: `.status`, or else `.properties.status`, until it is a last one."""
    while True:
        job: dict[str, object] = client.get(location).raise_for_status().json()
        if job["status"] in {"Completed", "Succeeded", "Failed", "Canceled"}:
            return job


def test_a_job_is_sent_polled_followed_and_fetched_over_http(client: httpx.Client, url: str, shelf: str) -> None:
    body = {
        "properties": {"InputData": {"f": {"JobInputType": "UriFolder", "Uri": f"{shelf}/in"}}, "miniBatchSize": "2"}
    }
    sent = client.post(f"/endpoints/{ENDPOINT}/jobs", json=body)
    assert sent.status_code == 201, sent.text
    location = sent.headers["location"]
    early = client.get(f"{location}/outputs/score")
    assert early.status_code == 409
    job = polled(client, location)
    assert job["status"] == "Completed", job
    properties = job["properties"]
    assert isinstance(properties, dict)
    assert (properties["provisioningState"], properties["files"]["scored"]) == ("Succeeded", 3)
    fetched = client.get(properties["interactionEndpoints"]["score"]["endpoint"])
    assert fetched.text.splitlines() == ["prediction", "a.txt", "b.txt", "c.txt"]
    assert fetched.headers["content-type"] == "text/csv; charset=utf-8"
    summary = client.get(f"{location}/outputs/summary").json()
    assert fetched.headers["etag"] == f'"{summary["sha256"]}"'
    assert client.get(f"{location}/outputs/failures").text == ""
    assert (properties["outputData"]["score"]["uri"], summary["output"]) == (f"{location}/outputs/score",) * 2
    assert (properties["statusMessage"], summary["input"]) == ("3 files scored", f"{shelf}/in")
    with client.stream("GET", f"{location}/logs") as news:
        assert news.headers["content-type"].startswith("text/event-stream")
        told = news.read().decode()
    assert "event: line" in told
    assert "the script is ready" in told
    page = client.get(f"/endpoints/{ENDPOINT}/jobs?top=1").json()
    assert page["value"][0]["name"] == job["name"]
    assert client.post(f"{location}/cancel").status_code == 409
    assert client.post(f"{location}/resume").json()["status"] == "Completed"
    assert client.get(f"/endpoints/{ENDPOINT}/jobs/nobody").status_code == 404
    assert client.get("/readyz").json() == {"status": "ready"}

    seen = token("--role", "read")
    numbers = httpx.get(f"{url}/metrics", headers={"Authorization": f"Bearer {seen['token']}"}).text
    assert f'batchpoint_files_total{{endpoint="{ENDPOINT}",outcome="scored"}} 3.0' in numbers
    assert re.search(r'batchpoint_jobs\{state="completed"\} [1-9]', numbers)
    assert f'batchpoint_mini_batch_seconds_count{{endpoint="{ENDPOINT}"}} 2.0' in numbers


def test_an_endpoint_shows_where_its_jobs_are_taken_while_the_gateway_is_up(url: str) -> None:
    shown, _ = batchpoint("batch-endpoint", "show", "-n", ENDPOINT).communicate(timeout=60)
    assert json.loads(shown)["scoring_uri"] == f"{url}/endpoints/{ENDPOINT}/jobs"


def test_a_running_job_is_canceled_over_http(client: httpx.Client, shelf: str) -> None:
    sent = client.post(f"/endpoints/{ENDPOINT}/jobs", json={"input": f"{shelf}/in", "deployment": "slow"})
    location = sent.headers["location"]
    assert client.post(f"{location}/cancel").status_code == 202
    # A job that is canceled in the moment in which it begins may be Failed for some seconds (service/jobs.py).
    wait_for(lambda: client.get(location).raise_for_status().json()["status"] == "Canceled")


def test_a_revoked_token_is_refused_by_the_gateway_within_seconds(client: httpx.Client, url: str) -> None:
    made = token("--endpoint", ENDPOINT, "--role", "read")
    headers = {"Authorization": f"Bearer {made['token']}"}
    assert httpx.get(f"{url}/endpoints/{ENDPOINT}/jobs", headers=headers).status_code == 200
    listed, _ = batchpoint("token", "list", "-o", "json").communicate(timeout=60)
    (mine,) = [each for each in json.loads(listed) if each["name"] == made["name"]]
    assert (mine["role"], mine["has_expired"]) == ("read", False)
    assert made["token"].rpartition("_")[2] not in listed
    batchpoint("token", "revoke", "-n", made["name"], "--yes").communicate(timeout=60)
    while httpx.get(f"{url}/endpoints/{ENDPOINT}/jobs", headers=headers).status_code == 200:
        pass
    assert httpx.get(f"{url}/endpoints/{ENDPOINT}/jobs", headers=headers).status_code == 401


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("--host", "0.0.0.0"), "--certificate and --key, or --insecure"),
        (("--certificate", "x.pem"), "give both --certificate and --key"),
        (("--allow", "/etc"), "--allow '/etc' is no URL"),
        (("--rate", "often"), "--rate 'often' is no rate"),
    ],
)
def test_a_gateway_that_would_be_unsafe_does_not_start(board: Board, typed: tuple[str, ...], said: str) -> None:  # noqa: F811
    process: subprocess.Popen[str] = batchpoint("gateway", "--port", "0", *typed)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 1
    assert said in stderr


def test_every_answer_is_one_that_the_openapi_document_describes(client: httpx.Client, url: str, shelf: str) -> None:
    pytest.importorskip("schemathesis")
    from tests.gateway.documented import ask_everything

    sent = client.post(f"/endpoints/{ENDPOINT}/jobs", json={"input": f"{shelf}/in"}).raise_for_status().json()
    polled(client, f"/endpoints/{ENDPOINT}/jobs/{sent['name']}")
    made = token("--role", "admin")
    answered = ask_everything(url, made["token"], {"endpoint": ENDPOINT, "job": sent["name"]})
    assert answered.total() > 100
    assert {200, 400, 404} <= set(answered) <= set(range(500)), answered


def in_a_shell(script: str, folder: Path, **variables: str) -> str:
    """What a script prints that is run in a folder, with our command line on the path."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    # As in a shell of a person's: what points at the session's server is its home.
    own = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    environment = {**own, "PATH": path, "PYTHONPATH": str(ROOT), **variables}
    done = subprocess.run(["bash", "-ec", script], cwd=folder, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@needs_curl
def test_a_sample_for_azures_rest_interface_sends_a_job_and_polls_it_to_its_end(
    board: Board,  # noqa: F811
    client: httpx.Client,
    shelf: str,
    tmp_path: Path,
) -> None:
    data.create(board.store, Data(name="azures-sample", version="1", path=board.files("a.txt", "b.txt")))
    said = in_a_shell(
        AZURES_SAMPLE,
        tmp_path,
        SCORING_URI=f"{client.base_url}/endpoints/{ENDPOINT}/jobs".replace("//endpoints", "/endpoints"),
        SCORING_TOKEN=client.headers["Authorization"].removeprefix("Bearer "),
        WORKSPACE="/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w",
    )
    assert said == "Completed\n"
    root = Path(board.store.get(Datastore, "shelf").root)
    rows = (root / "azures-sample/batch-endpoint-output.csv").read_text()
    assert rows.split() == ["prediction", "a.txt", "b.txt"]


@needs_curl
def test_the_commands_of_the_readme_send_a_job_poll_it_and_fetch_its_predictions(
    board: Board,  # noqa: F811
    url: str,
    tmp_path: Path,
) -> None:
    """As they stand there, but for the port; the status is asked for until the job has ended."""
    part = (ROOT / "README.md").read_text().partition("## Over HTTP")[2].partition("\n## ")[0]
    shelf, token_, send, poll, fetch = re.findall(r"^    (.*)$", part, re.MULTILINE)
    endpoints.create(board.store, board.launcher, Endpoint(name="mnist-batch"))
    declared = board.store.get(Deployment, ENDPOINT, "names").model_dump(mode="json") | {
        "endpoint_name": "mnist-batch",
        "code_configuration": {"code": str(board.folder / "names"), "scoring_script": "script.py"},
    }
    deployments.create(board.store, board.launcher, Deployment.model_validate(declared), set_default=True)
    shelf = shelf.replace("examples/mnist", shlex.quote(str(ROOT / "examples/mnist")))  # it is run in another folder
    until_it_has_ended = f'until [ "$({poll})" = Completed ]; do sleep 0.2; done'
    script = "\n".join([shelf, token_, send, until_it_has_ended, fetch])
    in_a_shell(script.replace("http://127.0.0.1:4281", url), tmp_path)
    rows = (tmp_path / "predictions.csv").read_text().split()
    assert len(rows) == 1 + len([*(ROOT / "examples/mnist/data").iterdir()])
    endpoints.delete(board.store, board.launcher, "mnist-batch")
