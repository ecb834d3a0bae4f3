"""Batchpoint, as its users run it: `batchpoint batch-endpoint invoke` on a running embedded server."""

import shutil
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import psutil

from benchmarks.errors import BenchmarkError
from benchmarks.server import COMMAND, Server
from benchmarks.systems.system import Roles
from benchmarks.work import MODEL, Work, script_variables
from benchmarks.workspace import Workspace

ENDPOINT = "benchmark"
DEPLOYMENT = """
name: {name}
endpoint_name: {endpoint}
type: model
model: {{name: digits, path: {model}}}
code_configuration: {{code: {code}, scoring_script: timed.py}}
compute: one-machine
settings:
  max_concurrency_per_instance: {processes}
  retry_settings: {{max_retries: 0}}
  environment_variables: {variables}
"""
PROGRAMS = {"guardian.py": "scoring", "program.py": "scoring", "launcher.py": "launcher"}
"""What some of a job's processes are there for, by the name of their program."""


def register(server: Server, script: str, workspace: Workspace, processes: int) -> None:
    """Make the endpoint, and a deployment that runs a script in so many scoring processes at once."""
    server.batchpoint("compute", "create", "-n", "one-machine", "--max-instances", "1")
    server.batchpoint("batch-endpoint", "create", "--name", ENDPOINT)
    declared = workspace.logs / f"{deployment_of(script)}.yml"
    declared.write_text(
        DEPLOYMENT.format(
            name=deployment_of(script),
            endpoint=ENDPOINT,
            model=MODEL,
            code=workspace.code,
            processes=processes,
            variables=script_variables(script, workspace.marks),
        )
    )
    server.batchpoint("batch-deployment", "create", "--file", str(declared), "--set-default")


def deployment_of(script: str) -> str:
    """The name of the deployment for a script."""
    return script.replace("_", "-")


@dataclass(frozen=True)
class Batchpoint:
    """Jobs are sent to a server that runs; `folder` takes the logs of the commands."""

    server: Server
    folder: Path
    name: str = "batchpoint"
    title: str = "Batchpoint"
    most_mini_batches: int | None = None

    def start(self, work: Work) -> "StartedJob":
        """Start the command that sends the job."""
        before = self._resting
        log = self.folder / f"{self.name}-{work.key}.log"
        arguments = ["--name", ENDPOINT, "--deployment-name", deployment_of(work.script), "--input", str(work.inputs)]
        arguments += ["--mini-batch-size", str(work.mini_batch_size), "--output-path", str(work.output)]
        with log.open("wb") as written:
            command = subprocess.Popen(
                [COMMAND, "batch-endpoint", "invoke", *arguments, "--query", "id", "-o", "tsv"],
                env=self.server.environment,
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=subprocess.STDOUT,
            )
        return StartedJob(self.server, command, log, before)

    def servers(self) -> Roles:
        """The Prefect server, and the worker with the fork server that it keeps."""
        processes = self.server.processes
        worker = processes["worker"]
        kept = [one for one in worker.children(recursive=True) if one.pid in self._resting]
        return {"server": [processes["server"]], "worker": [worker, *kept]}

    @cached_property
    def _resting(self) -> frozenset[int]:
        """The worker's descendants while there is no job."""
        return frozenset(one.pid for one in self.server.processes["worker"].children(recursive=True))


@dataclass(frozen=True)
class StartedJob:
    """A job that was sent."""

    server: Server
    command: "subprocess.Popen[bytes]"
    log: Path
    resting: frozenset[int]

    @property
    def flow_run(self) -> str:
        """The job's id, once the command has ended."""
        return self.log.read_text().strip().splitlines()[-1]

    def roles(self) -> Roles:
        """The command, the flow's process, and the scoring processes with their guardians."""
        found: dict[str, list[psutil.Process]] = {}
        if self.command.poll() is None:
            found["command"] = [psutil.Process(self.command.pid)]
        for process in self.server.processes["worker"].children(recursive=True):
            if process.pid not in self.resting and (role := _role(process)):
                found.setdefault(role, []).append(process)
        return found

    def check(self) -> None:
        """Raises: BenchmarkError when the command was refused."""
        if self.command.poll():
            raise BenchmarkError(f"invoke ended with exit code {self.command.returncode}: {self.log.read_text()}")


def _role(process: psutil.Process) -> str | None:
    """What a descendant of the worker is there for; None for one that has just ended, whose command line is empty."""
    try:
        named = [Path(word).name for word in process.cmdline()]
    except psutil.NoSuchProcess:
        return None
    return next((PROGRAMS[name] for name in named if name in PROGRAMS), "flow") if named else None


def remove_jobs(server: Server) -> None:
    """Delete the folders of finished jobs: a million files leave hundreds of megabytes behind."""
    for folder in server.home.path.glob("datastores/workspaceblobstore/azureml/*"):
        shutil.rmtree(folder)
