"""Processes that outlive the command that starts them."""

import contextlib
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

GRACE = 10.0
"""Seconds between SIGTERM and SIGKILL."""


@dataclass(frozen=True)
class Started:
    """A process of ours, known by its pid and a token in its command line, so that a reused pid is not taken for it.

    A pid of 0 is one that is not known: whoever started the process may not have lived to write it down.
    """

    pid: int
    token: str

    def process(self) -> psutil.Process | None:
        """The live process, or None when it has ended or the pid is another's."""
        try:
            candidates = [psutil.Process(self.pid)] if self.pid else psutil.process_iter()
        except psutil.Error:
            return None
        return next((process for process in candidates if _is_live(process, self.token)), None)

    @property
    def is_alive(self) -> bool:
        """Whether it still runs."""
        return self.process() is not None


def announced() -> Started:
    """A process that is about to be started: write it down before `start`, so that it is never lost."""
    return Started(0, uuid.uuid4().hex)


def start(role: str, who: Started, folder: Path, environment: Mapping[str, str], log: Path) -> Started:
    """Start the program of a role (server or worker) in a session of its own, writing to `log`.

    It inherits no descriptor and no terminal, and runs in `folder`, so that no prefect.toml of the caller's folder is
    read; -P keeps what lies in that folder out of its imports.
    """
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "deployments.embedded.program", role, who.token],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    finally:
        os.close(descriptor)
    child.returncode = 0  # it is meant to go on without us; Popen would warn of that when it is collected
    return Started(child.pid, who.token)


def stop(started: Iterable[Started], grace: float = GRACE) -> None:
    """End processes of ours, as `end` does."""
    end([process for one in started if (process := one.process()) is not None], grace)


def end(named: list[psutil.Process], grace: float = GRACE) -> None:
    """End processes and all their descendants.

    The named ones get SIGTERM and see to their own children; whatever is left after `grace` seconds gets SIGKILL.
    """
    family = [*named, *(child for process in named for child in _descendants(process))]
    for process in named:
        _signal(process, psutil.Process.terminate)
    psutil.wait_procs(named, timeout=grace)
    left = [process for process in family if _runs(process)]
    left += [child for process in left for child in _descendants(process)]
    for process in left:
        _signal(process, psutil.Process.kill)
    psutil.wait_procs(left, timeout=5)


def _is_live(process: psutil.Process, token: str) -> bool:
    try:
        return token in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _descendants(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _signal(process: psutil.Process, send: Callable[[psutil.Process], None]) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        send(process)
