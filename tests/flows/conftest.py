"""What tests of jobs share: endpoints with a script of the test's own, on the session's server and its real worker."""

import itertools
import textwrap
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun

from blocks.prefect_store import PrefectStore
from blocks.specs import Compute, Deployment, Endpoint, Model
from deployments.embedded import Connection
from deployments.service import computes, deployments, endpoints
from deployments.service.datastores import ensure_default_datastore
from deployments.service.prefect_launcher import PrefectLauncher
from flows.paths import job_folder
from scoring.summary import Summary
from tests.process_table import command_of

numbers = itertools.count(1)


@dataclass
class Jobs:
    """Registers endpoints, sends them jobs, and waits for facts."""

    folder: Path
    store: PrefectStore
    launcher: PrefectLauncher
    client: SyncPrefectClient

    def endpoint(self, script: str, *, compute: str = "flow-tests", **settings: Any) -> str:
        """An endpoint whose default deployment runs a script; its name."""
        name = f"flow-test-{next(numbers)}"
        endpoints.create(self.store, self.launcher, Endpoint(name=name))
        self.deployment(name, "first", script, compute=compute, **settings)
        return name

    def deployment(
        self, endpoint: str, name: str, script: str, *, compute: str = "flow-tests", **settings: Any
    ) -> None:
        """Register a deployment as its endpoint's default."""
        code = self.folder / f"{endpoint}-{name}"
        code.mkdir()
        (code / "script.py").write_text(textwrap.dedent(script))
        model = self.folder / "model"
        model.mkdir(exist_ok=True)
        (model / "weights.txt").write_text("1")
        declared = Deployment(
            name=name,
            endpoint_name=endpoint,
            model=Model(name="flow-tests", path=str(model)),
            code_configuration={"code": str(code), "scoring_script": "script.py"},
            compute=compute,
            settings=settings,
        )
        deployments.create(self.store, self.launcher, declared, set_default=True)

    def files(self, count: int) -> str:
        """A folder of numbered files."""
        folder = self.folder / f"inputs-{next(numbers)}"
        folder.mkdir()
        for number in range(count):
            (folder / f"{number:04d}.txt").write_text(str(number))
        return str(folder)

    def send(self, endpoint: str, **parameters: Any) -> str:
        """A job, created as the UI's Run button and curl create it; its id."""
        found = self.client.read_deployment_by_name(f"batch-endpoint/{endpoint}")
        run = self.client.create_flow_run_from_deployment(found.id, parameters=parameters)
        return str(run.id)

    def read(self, job: str) -> FlowRun:
        return self.client.read_flow_run(UUID(job))

    def wait(self, job: str, until: Callable[[FlowRun], bool], seconds: float = 180) -> FlowRun:
        """Wait for a fact about a job."""
        return wait_for(lambda: (run := self.read(job)) and until(run) and run, seconds)

    def finish(self, job: str, seconds: float = 180) -> FlowRun:
        """Wait for a job's end."""
        return self.wait(job, lambda run: run.state is not None and run.state.is_final(), seconds)

    def folder_of(self, job: str) -> Path:
        return Path(job_folder(self.store, job))

    def summary(self, job: str) -> Summary:
        return Summary.model_validate_json((self.folder_of(job) / "score/summary.json").read_bytes())

    def rows(self, job: str) -> list[str]:
        return (self.folder_of(job) / "score/predictions.csv").read_text().splitlines()


def wait_for(fact: Callable[[], Any], seconds: float = 90) -> Any:
    """Wait until something is so; what `fact` then returned."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := fact():
            return found
        time.sleep(0.05)
    raise AssertionError(f"not so after {seconds} s")


def processes_of(job: str, variable: str = "AZUREML_RUN_ID") -> list[psutil.Process]:
    """Every process that works for a job's script, wherever it is: its environment says so."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(variable) == job and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def flow_process_of(job: str) -> psutil.Process:
    """The process that runs a job's flow: the one that started the guardians of its scoring processes."""
    guardians = [each for each in processes_of(job) if "guardian.py" in " ".join(command_of(each))]
    starters = [starter for guardian in guardians if (starter := guardian.parent()) is not None]
    # A guardian's child bears the guardian's name until it becomes the script.
    return next(each for each in starters if each not in guardians)


def launcher_of(job: str) -> psutil.Process:
    """The process that Prefect's worker minds for a job."""
    launchers = processes_of(job, "PREFECT__FLOW_RUN_ID")
    return next(each for each in launchers if "launcher.py" in " ".join(command_of(each)))


@pytest.fixture(scope="session")
def jobs(server: Connection, tmp_path_factory: pytest.TempPathFactory) -> Jobs:
    store, launcher = PrefectStore(), PrefectLauncher()
    ensure_default_datastore(store)
    computes.create(store, launcher, Compute(name="flow-tests", max_instances=2))
    # The instances of a job that was killed stay taken until its lease ends, after a minute.
    computes.create(store, launcher, Compute(name="killed", max_instances=8))
    computes.create(store, launcher, Compute(name="resumed", max_instances=8))
    return Jobs(tmp_path_factory.mktemp("flows"), store, launcher, get_client(sync_client=True))
