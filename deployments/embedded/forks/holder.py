"""The worker's side of the fork servers: start them, start them again, end them."""

import logging
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil
from prefect.settings import get_current_settings

from deployments.embedded.launch import JOB_ENVIRONMENT

logger = logging.getLogger(__name__)


class ForkServerHolder:
    """Keeps the fork servers for as long as it is entered. Their sockets lie in a folder that only this user can open.

    Args:
        address: the file that tells commands where theirs is.
    """

    def __init__(self, address: Path) -> None:
        self._address = address
        self._folder = tempfile.TemporaryDirectory(prefix="batchpoint-forks-")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def command(self) -> list[str]:
        """What Prefect's process worker starts for a job."""
        launcher = str(Path(__file__).with_name("launcher.py"))
        return [sys.executable, "-I", "-S", launcher, str(Path(self._folder.name, "jobs")), sys.executable]

    def __enter__(self) -> Self:
        self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._process is not None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            self._process.wait()
        self._address.unlink(missing_ok=True)
        self._folder.cleanup()

    async def ensure(self) -> None:
        """Start the fork server again if it has ended: it does when our code on disk was changed."""
        if self._process is not None and self._process.poll() is not None:
            logger.warning("the fork server ended with %s and is started again", self._process.returncode)
            self._start()

    def launchers(self) -> list[psutil.Process]:
        """The worker's children that stand for flow runs."""
        server = self._process.pid if self._process is not None else None
        return [process for process in psutil.Process().children() if process.pid != server]

    def _start(self) -> None:
        settings = get_current_settings()
        program = [sys.executable, "-m", "deployments.embedded.forks", self._folder.name, str(self._address)]
        self._process = subprocess.Popen(
            program,
            stdin=subprocess.PIPE,
            cwd=self._folder.name,
            # What Prefect's worker gives its jobs: forks then find settings and logs as they need them.
            env={
                **os.environ,
                **settings.to_environment_variables(exclude_unset=True),
                **JOB_ENVIRONMENT,
            },
            start_new_session=True,
        )
