"""Nobody is let in who should not be, and nothing is reached that should not be."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from blocks.invocation import Invocation
from blocks.store import MemoryStore
from deployments.gateway import jobs
from deployments.gateway.errors import RefusedError
from deployments.gateway.guard import Guard
from deployments.gateway.reach import Reach
from deployments.service import tokens
from tests.gateway.conftest import ALLOWED, Door

BODY = {"input": "azureml:digits:1"}
WORKSPACE = "azureml://datastores/workspaceblobstore/paths"


def sneak(text: str) -> str:
    """A right name with a wrong secret."""
    return text[:-1] + ("a" if text[-1] != "a" else "b")


TOKENS: list[tuple[str, dict[str, str], int]] = [
    ("no token", {}, 401),
    ("an empty one", {"Authorization": "Bearer"}, 401),
    ("a word", {"Authorization": "Bearer token"}, 401),
    ("another scheme", {"Authorization": "Basic {invoke}"}, 401),
    ("no scheme", {"Authorization": "{invoke}"}, 401),
    ("one letter off", {"Authorization": "Bearer {sneak}"}, 401),
    ("its name alone", {"Authorization": "Bearer bpt_{name}_"}, 401),
    ("its digest", {"Authorization": "Bearer bpt_{name}_{digest}"}, 401),
    ("its salt", {"Authorization": "Bearer bpt_{name}_{salt}"}, 401),
    ("another's secret", {"Authorization": "Bearer bpt_{name}_{secret_of_other}"}, 401),
    ("no name", {"Authorization": "Bearer bpt__{secret}"}, 401),
    ("a name that is a path", {"Authorization": "Bearer bpt_../{name}_{secret}"}, 401),
    ("another beginning", {"Authorization": "Bearer bpx_{name}_{secret}"}, 401),
    ("one that has expired", {"Authorization": "Bearer {expired}"}, 401),
    ("another endpoint's", {"Authorization": "Bearer {other}"}, 403),
    ("one that may only read", {"Authorization": "Bearer {read}"}, 403),
    ("in the query", {"X-Token": "{invoke}"}, 401),
    ("in a cookie", {"Cookie": "Authorization=Bearer {invoke}"}, 401),
    ("very long", {"Authorization": f"Bearer bpt_{'a' * 20_000}_x"}, 401),
]
INPUTS = [
    "/etc/passwd",
    "etc/passwd",
    "./digits",
    "~/digits",
    "file:///etc/passwd",
    "FILE:///etc/passwd",
    "file://localhost/etc/passwd",
    "local:///etc/passwd",
    "memory://x",
    "http://169.254.169.254/latest/meta-data",
    "http://[fd00:ec2::254]/latest",
    "http://metadata.google.internal/computeMetadata",
    "http://127.0.0.1:4200/api",
    "http://localhost/x",
    "http://0x7f000001/x",
    "https://example.com/x",
    "s3://other/public/x",
    "s3://allowed/private/x",
    "s3://allowed/publicity/x",
    f"{ALLOWED}/../private/x",
    f"{ALLOWED}/%2e%2e/private/x",
    f"{ALLOWED}/%252e%252e/private/x",
    f"{ALLOWED}/..\\private",
    "S3://ALLOWED/../etc",
    "simplecache::file:///etc/passwd",
    f"zip://x::{ALLOWED}/x.zip",
    f"{ALLOWED}/x::file:///etc/passwd",
    "s3://allowed@evil/public/x",
    "https://allowed/public\nx",
    "azureml://datastores/shelf/paths/../model",
    "azureml://datastores/shelf/paths/digits/../../model",
    "azureml://datastores/shelf/paths/%2e%2e/model",
    f"{WORKSPACE}/azureml/another-job/score",
    f"{WORKSPACE}/AzureML/another-job",
    f"{WORKSPACE}/%61zureml/another-job",
    f"{WORKSPACE}/models/digits/1",
    f"{WORKSPACE}//models/digits/1",
    f"{WORKSPACE}/",
    "azureml://datastores/shelf/paths/azureml/another-job/score",
    "azureml://datastores/shelf/paths/",
    "s3://bucket/root/azureml/another-job/score",
    "s3://bucket/root",
    "s3://bucket/other",
    "jar:file:///etc/passwd",
    "gopher://127.0.0.1/x",
    "\\\\server\\share",
    "file%3a///etc/passwd",
]
OUTPUTS = [
    "/tmp/out",
    "file:///tmp/out",
    "s3://other/out",
    f"{WORKSPACE}/models/digits",
    f"{WORKSPACE}/azureml/x/score",
    "azureml://datastores/shelf/paths/../out",
]


@pytest.mark.parametrize(("_called", "headers", "status"), TOKENS, ids=[name for name, _, _ in TOKENS])
def test_a_token_that_is_not_right_opens_nothing(
    door: Door, _called: str, headers: dict[str, str], status: int
) -> None:
    kept = door.tokens["invoke"]
    words: dict[str, Any] = {role: made.text for role, made in door.tokens.items()}
    words |= {"sneak": sneak(kept.text), "name": kept.token.name, "digest": kept.token.digest, "salt": kept.token.salt}
    words |= {"secret": kept.text.split("_", 2)[2], "secret_of_other": words["other"].split("_", 2)[2]}
    before = len(door.sent)
    answer = door.call(
        "POST",
        f"/endpoints/mnist/jobs?token={kept.text}&access_token={kept.text}",
        None,
        json=BODY,
        headers={name: value.format(**words) for name, value in headers.items()},
    )
    assert answer.status_code == status, answer.text
    assert len(door.sent) == before
    assert answer.json()["error"]["code"] in {"Unauthorized", "Forbidden"}
    assert (status == 401) == ("www-authenticate" in answer.headers)


@pytest.mark.parametrize("path", INPUTS)
@pytest.mark.parametrize("token", ["invoke", "admin"])
def test_no_caller_reaches_what_was_not_registered_or_allowed(door: Door, path: str, token: str) -> None:
    before = len(door.sent)
    answer = door.send({"input": path}, token=token)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "OutOfReach"), answer.text
    assert len(door.sent) == before


@pytest.mark.parametrize("path", OUTPUTS)
def test_no_caller_writes_where_it_was_not_allowed(door: Door, path: str) -> None:
    before = len(door.sent)
    answer = door.send({**BODY, "output": path})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "OutOfReach"), answer.text
    assert len(door.sent) == before


PATHS = [
    ("GET", "/endpoints/other/jobs"),
    ("GET", "/endpoints/mnist/../other/jobs"),
    ("GET", "/endpoints/mnist%2f..%2fother/jobs"),
    ("GET", "/endpoints/MNIST /jobs"),
    ("POST", "/endpoints/other/jobs"),
    ("GET", "/endpoints//jobs"),
    ("GET", "/metrics"),
    ("DELETE", "/endpoints/mnist/jobs/monday"),
    ("PUT", "/endpoints/mnist/jobs/monday"),
    ("GET", "/endpoints/mnist/jobs/monday/outputs/../../../etc/passwd"),
    ("GET", "/docs"),
    ("GET", "/api/flow_runs"),
    ("TRACE", "/endpoints/mnist/jobs"),
]


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_no_path_leads_past_the_endpoint_that_a_token_is_for(door: Door, method: str, path: str) -> None:
    answer = door.call(method, path)
    assert answer.status_code in {400, 403, 404, 405}, answer.text
    assert answer.json()["error"]["message"]


def test_environment_variables_which_could_load_code_take_an_admin(door: Door) -> None:
    body = {**BODY, "environment_variables": {"LD_PRELOAD": "/tmp/mine.so"}}
    assert door.send(body).status_code == 403
    assert door.send(body, token="admin").status_code == 201


def test_a_body_that_is_too_long_is_not_read_to_its_end(door: Door) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(10 * jobs.LONGEST_BODY // 65_536):
            yield b" " * 65_536

    answer = door.call("POST", "/endpoints/mnist/jobs", content=endless())
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "RequestTooLarge")


def test_a_token_that_calls_too_often_is_told_when_to_come_again(door: Door) -> None:
    guard = Guard(door.store, "2/minute")
    token = guard.admit(door.tokens["invoke"].text)
    guard.count(token)
    guard.count(token)
    with pytest.raises(RefusedError) as refused:
        guard.count(token)
    assert refused.value.status == 429
    assert 1 <= int(refused.value.headers["Retry-After"]) <= 60
    guard.count(guard.admit(door.tokens["other"].text))


def test_a_revoked_token_opens_nothing_to_a_gateway_that_never_saw_it(door: Door) -> None:
    made = tokens.create(door.store, endpoint="mnist", role="invoke", lifetime=None)
    tokens.revoke(door.store, made.token.name)
    assert door.send(BODY, token=made.text).status_code == 401


def test_a_secret_is_kept_as_a_salted_hash_alone(door: Door) -> None:
    made = door.tokens["invoke"]
    assert made.text.rpartition("_")[2] not in made.token.model_dump_json()
    assert len({each.token.salt for each in door.tokens.values()}) == len(door.tokens)


class Elsewhere(BaseHTTPRequestHandler):
    """Has one file, and one page that sends on to what should not be reached."""

    def do_HEAD(self) -> None:
        self.send_response(302 if self.path.endswith("/on") else 200)
        if self.path.endswith("/on"):
            self.send_header("Location", "http://169.254.169.254/latest/meta-data")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def web() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/public"
        server.shutdown()
        thread.join()


def test_a_page_that_sends_on_to_another_is_not_followed(web: str) -> None:
    reach, store = Reach((web,)), MemoryStore()
    reach.check(store, Invocation(input=f"{web}/file.csv"))
    with pytest.raises(RefusedError, match="sends on to another URL"):
        reach.check(store, Invocation(input=f"{web}/on"))
    with pytest.raises(RefusedError, match="below no URL that this gateway allows"):
        reach.check(store, Invocation(input=web.replace("/public", "/private/x")))
