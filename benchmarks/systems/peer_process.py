"""A peer, in a process of its own."""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex

import psutil

from benchmarks.errors import BenchmarkError
from benchmarks.systems.system import Roles
from benchmarks.work import Work

TAIL = 20
"""Lines of a failed peer's log that are shown."""
LONGEST_LINE = 400
"""Characters of such a line: an error of Prefect's repeats all that it was sent."""


@dataclass(frozen=True)
class PeerProcess:
    """`python -m benchmarks.peers NAME`; `folder` takes its job and its log."""

    name: str
    title: str
    folder: Path
    most_mini_batches: int | None = None
    environment: Mapping[str, str] = field(default_factory=dict)

    def start(self, work: Work) -> "StartedPeer":
        """Start the peer's script."""
        told = self.folder / "work.json"
        told.write_text(work.model_dump_json())
        log = self.folder / f"{self.name}-{work.key}.log"
        with log.open("wb") as written:
            process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.peers", self.name, str(told)],
                env={**work.environment(), **self.environment},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=subprocess.STDOUT,
            )
        return StartedPeer(self.name, process, log)

    def servers(self) -> Roles:
        """A peer brings all it needs."""
        return {}


@dataclass(frozen=True)
class StartedPeer:
    """A peer at work."""

    name: str
    process: "subprocess.Popen[bytes]"
    log: Path

    def roles(self) -> Roles:
        """The script and all that it started."""
        if self.process.poll() is not None:
            return {}
        try:
            script = psutil.Process(self.process.pid)
            return {"job": [script, *script.children(recursive=True)]}
        except psutil.NoSuchProcess:
            return {}

    def check(self) -> None:
        """Raises: BenchmarkError when the script ended with an error."""
        if self.process.poll():
            lines = self.log.read_text(errors="replace").splitlines()[-TAIL:]
            tail = "\n".join(line[:LONGEST_LINE] for line in lines)
            raise BenchmarkError(
                f"{self.name} ended with exit code {self.process.returncode}; {self.log} ends with:\n{tail}"
            )


def ray_environment() -> dict[str, str]:
    """Ray with its defaults, but a token that is not left in the user's home, and without a word to its makers."""
    return {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token_hex(), "RAY_USAGE_STATS_ENABLED": "0"}
