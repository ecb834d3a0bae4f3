"""An embedded server of the benchmark's own: started as any command starts it, and asked what jobs cost it."""

import json
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self
from urllib.request import Request, urlopen

import psutil

from benchmarks.errors import BenchmarkError
from deployments.embedded import state
from deployments.embedded.environment import client_settings
from deployments.embedded.home import Home
from deployments.embedded.state import State

COMMAND = Path(sys.executable).with_name("batchpoint")
REQUEST = re.compile(r'"[A-Z]+ /api/')
PROFILE = """active = "benchmark"

[profiles.benchmark]
PREFECT_SERVER_LOGGING_LEVEL = "INFO"
"""


@dataclass
class Server:
    """Server and worker under a BATCHPOINT_HOME; each request leaves a line in the server's log, to be counted."""

    home: Home
    _is_ours: bool = False

    def __enter__(self) -> Self:
        """Start both, unless they run."""
        self._is_ours = state.read(self.home) is None
        if self._is_ours:
            self.home.prefect.mkdir(parents=True, exist_ok=True)
            (self.home.prefect / "profiles.toml").write_text(PROFILE)
        self.batchpoint("datastore", "list")
        return self

    def __exit__(self, *_: object) -> None:
        """Stop what was started."""
        if self._is_ours:
            self.batchpoint("down")

    def batchpoint(self, *arguments: str) -> str:
        """What a command prints. Raises: BenchmarkError, with what it said, when it fails."""
        done = subprocess.run([COMMAND, *arguments], env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode:
            said = done.stderr.strip()
            raise BenchmarkError(f"batchpoint {' '.join(arguments)} ended with exit code {done.returncode}: {said}")
        return done.stdout.strip()

    @property
    def environment(self) -> dict[str, str]:
        """For commands that are to use this server: no other one is named."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
        return {**kept, "BATCHPOINT_HOME": str(self.home.path)}

    @property
    def prefect_environment(self) -> dict[str, str]:
        """What points a flow that is no job at this server."""
        return client_settings(self.home, self.state)

    @cached_property
    def state(self) -> State:
        """Which processes run, and where the API is."""
        found = state.read(self.home)
        assert found is not None
        return found

    @cached_property
    def processes(self) -> dict[str, psutil.Process]:
        """The server's process and the worker's; their children are not here."""
        assert self.state.worker is not None
        server, worker = self.state.server.process(), self.state.worker.process()
        assert server is not None
        assert worker is not None
        return {"server": server, "worker": worker}

    def idle_percent(self, seconds: float) -> float:
        """Percent of one core that server, worker and their children use over some seconds without a job."""
        before = self._used()
        time.sleep(seconds)
        return 100 * (self._used() - before) / seconds

    def _used(self) -> float:
        family = [each for one in self.processes.values() for each in (one, *one.children(recursive=True))]
        return sum(times.user + times.system for times in (process.cpu_times() for process in family))

    def count_task_runs(self, flow_run: str) -> int:
        """How many task runs a job had."""
        asked = json.dumps({"flow_runs": {"id": {"any_": [flow_run]}}}).encode()
        request = Request(  # noqa: S310 - always http
            f"{self.state.api_url}/task_runs/count", asked, {"Content-Type": "application/json"}
        )
        with urlopen(request) as answer:  # noqa: S310
            return int(answer.read())

    def count_requests(self) -> int:
        """Requests to Prefect's API so far, those of the worker that looks for jobs included."""
        return len(REQUEST.findall(self.home.log("server").read_text(errors="replace")))

    def idle_requests(self, seconds: float) -> float:
        """Requests a second while there is no job."""
        before = self.count_requests()
        time.sleep(seconds)
        return (self.count_requests() - before) / seconds
