"""Events on a real server and worker: a file dropped into a bucket, a gateway that is killed, Prefect's own events."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from ruamel.yaml import YAML

from blocks.hooks import Hook
from blocks.specs import Datastore, Endpoint
from deployments.embedded.home import Home, home
from deployments.service import datastores, endpoints, hooks, jobs, tokens
from deployments.service.arrivals import Arrival, Arrivals
from deployments.service.assignments import Assignments
from deployments.service.job_records import Job
from tests.jobs.conftest import ENDPOINT, Board, batchpoint, board  # noqa: F401 - board is a fixture
from tests.object_stores import ADMIN, s3_server, save_credentials, why_no_s3

pytestmark = [pytest.mark.server, pytest.mark.slow]
ANNOUNCED = re.compile(r"jobs are taken at (http://127\.0\.0\.1:\d+)/endpoints/NAME/jobs")
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Gateway:
    """`batchpoint gateway` as a process."""

    process: "subprocess.Popen[str]"
    url: str

    def tell(self, hook: str, token: str, body: object) -> dict[str, str]:
        """Send an event to a hook; the job that it makes."""
        sent = httpx.post(
            f"{self.url}/endpoints/{ENDPOINT}/events?hook={hook}",
            json=body,
            headers={"Authorization": f"Bearer {token}"},
            timeout=60,
        )
        made: dict[str, str] = sent.raise_for_status().json()["jobs"][0]
        return made


@pytest.fixture(scope="module")
def gateway(board: Board) -> Iterator[Gateway]:  # noqa: F811
    process = batchpoint("gateway", "--port", "0")
    assert process.stderr is not None
    line = process.stderr.readline()
    found = ANNOUNCED.match(line)
    assert found, line + process.stderr.read()
    yield Gateway(process, found[1])
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)


@pytest.fixture(scope="module")
def token(board: Board) -> str:  # noqa: F811
    return tokens.create(board.store, endpoint=ENDPOINT, role="invoke", lifetime=None).text


def jobs_on(board: Board, path: str) -> list[Job]:  # noqa: F811
    """The jobs of the endpoint whose input is a path, as it was sent."""
    found = jobs.list_all(board.store, board.client, endpoint=ENDPOINT)
    return [job for job in found if job.sent_input == path]


def completed(board: Board, path: str, seconds: float = 60) -> Job:  # noqa: F811
    """The only job on a path, once it has completed."""
    deadline = time.monotonic() + seconds
    while not (found := jobs_on(board, path)):
        assert time.monotonic() < deadline, f"no job on {path}"
        time.sleep(0.2)
    (job,) = found
    ended = board.wait(job, lambda now: now.has_ended, seconds)
    assert ended.status == "Completed", ended
    return ended


@pytest.mark.skipif(bool(why_no_s3()), reason=why_no_s3())
def test_a_file_dropped_into_a_bucket_starts_a_job(
    board: Board,  # noqa: F811
    gateway: Gateway,
    token: str,
    tmp_path: Path,
) -> None:
    hooks.create(board.store, board.launcher, Hook(name="drop", endpoint_name=ENDPOINT, window=1, suffix=".txt"))
    told = f"{gateway.url}/endpoints/{ENDPOINT}/events?hook=drop"
    with s3_server(tmp_path, tells=told, token=token) as server:
        credentials = save_credentials("drop", ADMIN, server)
        datastores.create(
            board.store, Datastore(name="drop", type="s3", root="s3://data/dropped", credentials=credentials)
        )
        server.fs().pipe_file("data/dropped/in/a b+c.txt", b"hello")
        job = completed(board, "azureml://datastores/drop/paths/in")
        assert job.files is not None
        assert job.files.scored == 1


def test_an_event_posted_to_prefect_starts_the_job_of_a_trigger_in_prefect_yaml(
    board: Board,  # noqa: F811
    tmp_path: Path,
) -> None:
    written = YAML(typ="safe").load((ROOT / "prefect.yaml").read_text().replace("mnist-batch", ENDPOINT))
    (tmp_path / "prefect.yaml").write_text(json.dumps(written))
    deploy = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "-n", ENDPOINT]
    done = subprocess.run(deploy, cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "COLUMNS": "200"})
    assert done.returncode == 0, done.stdout + done.stderr
    endpoints.update(board.store, board.launcher, Endpoint(name=ENDPOINT))  # writes its form again
    folder = board.files("a.txt")
    event = {
        "occurred": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "event": "batchpoint.arrived",
        "resource": {"prefect.resource.id": f"batchpoint.endpoint.{ENDPOINT}"},
        "payload": {"input": folder},
        "id": "11111111-2222-4333-8444-555555555555",
    }
    httpx.post(f"{str(board.client.api_url).rstrip('/')}/events", json=[event]).raise_for_status()
    assert completed(board, folder).files


def test_a_gateway_that_is_killed_before_the_window_ends_loses_no_event_and_doubles_none(
    board: Board,  # noqa: F811
    gateway: Gateway,
    token: str,
    tmp_path: Path,
) -> None:
    datastores.create(board.store, Datastore(name="killed", root=str(tmp_path)))
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.txt").write_text("a")
    hook = Hook(name="killed", endpoint_name=ENDPOINT, window=4)
    hooks.create(board.store, board.launcher, hook)
    path = "azureml://datastores/killed/paths/in"
    made = gateway.tell("killed", token, {"input": path, "id": "1"})
    gateway.process.kill()
    assert completed(board, path).name == made["name"]
    another = Arrivals(board.store, board.launcher, Assignments(Home(home()).events))
    assert another.take(hook, Arrival("1", path), datetime.now(UTC)).name == made["name"]
    assert len(jobs_on(board, path)) == 1
