"""Whose server it is that answers."""

import http.server
import subprocess
import sys
import threading
from collections.abc import Iterator

import psutil
import pytest

from deployments.embedded import health
from deployments.embedded.launch import serves
from deployments.embedded.processes import Started
from deployments.embedded.state import State


class SaysYes(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Nothing: stderr is pytest's."""


@pytest.fixture
def port() -> Iterator[int]:
    """A healthy server of this process's."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), SaysYes) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_a_process_is_known_by_the_port_it_listens_on(port: int) -> None:
    assert health.listens(psutil.Process(), port)
    assert not health.listens(psutil.Process(), port + 1)
    assert not health.listens(None, port)


def test_a_healthy_server_of_another_home_on_our_port_is_not_taken_for_ours(port: int) -> None:
    token = "b" * 32
    with subprocess.Popen([sys.executable, "-c", "input()", token], stdin=subprocess.PIPE) as ours:
        now = State(port, Started(ours.pid, token))
        assert now.server.is_alive
        assert health.is_healthy(now.api_url)
        assert not serves(now)
        ours.kill()
