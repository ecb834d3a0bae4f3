"""`batchpoint up` takes jobs over HTTP, beside the server that it keeps."""

import os
import subprocess
import sys

import httpx
import pytest

from tests.gateway.test_walk import ANNOUNCED, token
from tests.jobs.conftest import ENDPOINT, Board, board  # noqa: F401 - board is a fixture

pytestmark = [pytest.mark.server, pytest.mark.slow]


@pytest.fixture
def up(board: Board):  # type: ignore[no-untyped-def] # noqa: F811
    """It is killed in the end: asked to stop, it would stop the server that other tests use too."""
    program = [sys.executable, "-c", "from deployments.cli import main; main()", "up", "--gateway-port", "0"]
    own = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}  # as in a shell
    process = subprocess.Popen(program, stderr=subprocess.PIPE, text=True, env=own)
    yield process
    process.kill()
    process.communicate()


def test_up_answers_a_token_over_http_until_it_ends(up: "subprocess.Popen[str]") -> None:
    assert up.stderr is not None
    found = next(found for line in up.stderr if (found := ANNOUNCED.match(line)))
    jobs = f"{found[1]}/endpoints/{ENDPOINT}/jobs"
    headers = {"Authorization": f"Bearer {token('--endpoint', ENDPOINT, '--role', 'read')['token']}"}
    assert httpx.get(f"{found[1]}/readyz").json() == {"status": "ready"}
    assert httpx.get(jobs).status_code == 401
    assert "value" in httpx.get(jobs, headers=headers).json()
    up.kill()
    up.wait()
    with pytest.raises(httpx.ConnectError):
        httpx.get(jobs, headers=headers)
