"""Both fork servers: `python -m deployments.embedded.forks FOLDER ADDRESS`, which the worker starts.

FOLDER is where their sockets lie, ADDRESS the file that tells commands where theirs is. They end when stdin does,
which the worker holds open, and their forks have. The one for jobs is this process. The one for commands is a fork of
it that does not descend from the worker, whose end ends its descendants: a command that runs goes on after
`batchpoint down`.
"""

import gc
import importlib
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

from prefect.plugins import load_prefect_collections
from pydantic import BaseModel

from deployments.embedded import environment, prefect_settings, state
from deployments.embedded.forks.identity import modified, publish
from deployments.embedded.forks.programs import run_command, run_flow
from deployments.embedded.forks.server import ForkServer
from deployments.embedded.home import Home
from scoring.report.page import compile_templates

FOR_JOBS = (
    "PIL.JpegImagePlugin",
    "PIL.PngImagePlugin",
    "anyio._backends._asyncio",
    "distributed.deploy.local",
    "flows.score",
    "prefect.flow_engine",
    "prefect.task_engine",
    "prefect.utilities.visualization",
    "scoring.report.placing",
)
FOR_COMMANDS = (
    "blocks.prefect_store",
    "deployments.cli.endpoints",
    "deployments.cli.jobs",
    "deployments.embedded.connection",
    "deployments.live_view",
    "deployments.service.jobs",
    "deployments.service.prefect_launcher",
    "deployments.watching",
)
"""What commands import when they first need it, besides their own modules and what those import."""


def main(folder: Path, address: Path) -> None:
    """Serve jobs, with a process beside this one that serves commands."""
    loaded = modified()
    preload(FOR_JOBS)
    load_prefect_collections()  # Prefect does it when a job's first task run begins: prefect-aws takes 0.6 s of CPU
    complete_models()
    compile_templates()
    prefect_settings.read_again(logs=True)
    child = os.fork()
    if child == 0:
        serve_commands(folder, address, loaded)
    os.waitpid(child, 0)
    ForkServer(folder / "jobs", run_flow, loaded).serve()


def serve_commands(folder: Path, address: Path, loaded: float) -> NoReturn:
    """Leave the family, then serve commands."""
    os.setsid()
    if os.fork():
        os._exit(0)
    preload((*FOR_COMMANDS, *command_modules()))
    place = Home(address.parent)
    if now := state.read(place):
        environment.apply(environment.client_environment(place, now))
        prefect_settings.read_again(logs=True)
    server = ForkServer(folder / "commands", run_command, loaded)
    publish(address, folder / "commands")
    server.serve()
    os._exit(0)


def complete_models() -> None:
    """Build what pydantic puts off until a model is first used, which for Prefect's is in each fork anew."""
    waiting = BaseModel.__subclasses__()
    while waiting:
        model = waiting.pop()
        model.model_rebuild(raise_errors=False)
        waiting += model.__subclasses__()


def command_modules() -> set[str]:
    """Where the commands are."""
    from deployments.cli.main import COMMANDS

    return {place.partition(":")[0] for place in COMMANDS.values()}


def preload(names: Iterable[str]) -> None:
    """Import modules, and keep what they made out of the garbage collector's way: forks share its memory."""
    for name in names:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
