"""An endpoint with deployments of the tests' own, on the session's server and its real worker."""

import itertools
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client

from blocks.prefect_store import PrefectStore
from blocks.specs import Compute, Deployment, Endpoint, Model
from deployments.embedded import Connection
from deployments.service import computes, deployments, endpoints, jobs
from deployments.service.job_records import Job
from deployments.service.prefect_launcher import PrefectLauncher
from deployments.service.submission import Request

ENDPOINT = "job-tests"
SCRIPTS = {
    "names": """
        import os
        def init(): print("the script is ready:", os.environ.get("greeting"), os.environ.get("COLOUR"))
        def run(mini_batch): return [os.path.basename(path) for path in mini_batch]
    """,
    "picky": """
        import os
        def init(): pass
        def run(mini_batch): return [meet(os.path.basename(path)) for path in mini_batch]
        def meet(name):
            print("meeting", name)
            if name == "b.txt": raise ValueError("not b")
            if name == "c.txt": os.abort()
            return name
    """,
    "slow": """
        import time
        def init(): pass
        def run(mini_batch): time.sleep(600)
    """,
    "broken": """
        def init(): raise RuntimeError("the weights are for another model")
        def run(mini_batch): return mini_batch
    """,
}
numbers = itertools.count(1)


@dataclass(frozen=True)
class Board:
    """The endpoint, and what is needed to send jobs to it."""

    folder: Path
    store: PrefectStore
    launcher: PrefectLauncher
    client: SyncPrefectClient

    def files(self, *names: str) -> str:
        """A new folder with files of these names."""
        folder = self.folder / f"inputs-{next(numbers)}"
        folder.mkdir()
        for name in names:
            (folder / name).write_text(name)
        return str(folder)

    def invoke(self, deployment: str, **asked: object) -> Job:
        """Send a job over two files."""
        request = Request(ENDPOINT, **({"input": self.files("a.txt", "b.txt"), "deployment": deployment} | asked))
        return jobs.invoke(self.store, self.launcher, request)

    def wait(self, job: Job, until: Callable[[Job], bool], seconds: float = 90) -> Job:
        """Wait for a fact about a job."""
        deadline = time.monotonic() + seconds
        while not until(now := jobs.show(self.store, self.client, str(job.id))):
            assert time.monotonic() < deadline, f"not so after {seconds} s: {now}"
            time.sleep(0.1)
        return now


def command(*arguments: str) -> list[str]:
    """What starts the command line in this Python."""
    return [sys.executable, "-c", "from deployments.cli import main; main()", *arguments]


def batchpoint(*arguments: str) -> "subprocess.Popen[str]":
    """The command line in a process of its own."""
    return subprocess.Popen(
        command(*arguments),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="session")
def board(server: Connection, tmp_path_factory: pytest.TempPathFactory) -> Board:
    folder = tmp_path_factory.mktemp("jobs")
    board = Board(folder, PrefectStore(), PrefectLauncher(), get_client(sync_client=True))
    computes.create(board.store, board.launcher, Compute(name="job-tests", max_instances=2))
    endpoints.create(board.store, board.launcher, Endpoint(name=ENDPOINT))
    (folder / "model").mkdir()
    (folder / "model" / "weights.txt").write_text("1")
    for name, script in SCRIPTS.items():
        (folder / name).mkdir()
        (folder / name / "script.py").write_text(textwrap.dedent(script))
        declared = Deployment(
            name=name,
            endpoint_name=ENDPOINT,
            model=Model(name="job-tests", path=str(folder / "model")),
            code_configuration={"code": str(folder / name), "scoring_script": "script.py"},
            compute="job-tests",
            settings={"retry_settings": {"max_retries": 0, "timeout": 600}},
        )
        deployments.create(board.store, board.launcher, declared, set_default=name == "names")
    return board
