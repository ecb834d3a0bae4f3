"""Prefect servers on either database, this process talking to them, and a gateway in front."""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from benchmarks.errors import BenchmarkError
from benchmarks.server import Server
from deployments.embedded import environment, health
from deployments.embedded.home import Home
from tests.postgresql import postgresql

PATIENCE = 120.0
"""Seconds that a server gets to answer for the first time."""
ANNOUNCED = re.compile(r"jobs are taken at (http://127\.0\.0\.1:\d+)/")


@contextmanager
def gateway() -> Iterator[str]:
    """A gateway as a person starts it, on a free port and without a limit that would be met; its URL."""
    command = [sys.executable, "-c", "from deployments.cli import main; main()", "gateway"]
    with tempfile.TemporaryFile("a+") as said:
        process = subprocess.Popen([*command, "--port", "0", "--rate", "100000/minute"], stderr=said)
        try:
            yield _announced(process, said)
        finally:
            process.terminate()
            process.wait()


def _announced(process: "subprocess.Popen[bytes]", said: IO[str]) -> str:
    deadline = time.monotonic() + PATIENCE
    while True:
        said.seek(0)
        text = said.read()
        if found := ANNOUNCED.search(text):
            return found[1]
        if process.poll() is not None or time.monotonic() > deadline:
            raise BenchmarkError(f"the gateway takes no jobs; it said: {text}")
        time.sleep(0.05)


@contextmanager
def on_sqlite(folder: Path) -> Iterator[None]:
    """The embedded server, its worker, and this process talking to them."""
    with Server(Home(folder / "home")) as server, using({**server.environment, **server.prefect_environment}):
        yield


@contextmanager
def on_postgresql(folder: Path, *, with_worker: bool = True) -> Iterator[None]:
    """A Prefect server on PostgreSQL, with a worker of Prefect's own, and this process talking to them."""
    with ExitStack() as stack:
        database, port = stack.enter_context(postgresql()), health.free_port()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "BATCHPOINT_"))}
        told = {
            **kept,
            "BATCHPOINT_HOME": str(folder / "home"),
            "PREFECT_HOME": str(folder / "prefect"),
            "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
            "PREFECT_API_DATABASE_CONNECTION_URL": database,
            "PREFECT_SERVER_API_PORT": str(port),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_SERVER_SERVICES_LATE_RUNS_AFTER_SECONDS": "3600",
            "DO_NOT_TRACK": "1",
        }
        stack.enter_context(using(told))
        stack.enter_context(_running("server", "start"))
        deadline = time.monotonic() + PATIENCE
        while not health.is_healthy(told["PREFECT_API_URL"]):
            if time.monotonic() > deadline:
                raise BenchmarkError(f"Prefect's server has not answered for {PATIENCE:.0f} s")
            time.sleep(0.2)
        if with_worker:
            stack.enter_context(
                _running("worker", "start", "--pool", "batchpoint", "--type", "process", "--limit", "2")
            )
        yield


@contextmanager
def using(variables: dict[str, str]) -> Iterator[None]:
    """Have Prefect in this process see another environment."""
    before = dict(os.environ)
    environment.apply(variables)
    try:
        yield
    finally:
        environment.apply(before)


@contextmanager
def _running(*arguments: str) -> Iterator[None]:
    """A command of Prefect's, until the context ends."""
    command = [sys.executable, "-m", "prefect", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
