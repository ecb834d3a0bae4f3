"""The gateway as a person starts it, tokens from the command line, and jobs over HTTP on a real server and worker."""

import json
import re
import signal
import subprocess
from collections.abc import Iterator

import httpx
import pytest

from tests.jobs.conftest import ENDPOINT, Board, batchpoint, board  # noqa: F401 - board is a fixture

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
    assert polled(client, location)["status"] == "Canceled"


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
