"""The one folder that holds all that the embedded server keeps."""

from dataclasses import dataclass
from pathlib import Path

from deployments.embedded.errors import ServerError
from scoring.home import home_path


@dataclass(frozen=True)
class Home:
    """Where things lie under BATCHPOINT_HOME."""

    path: Path

    @property
    def state(self) -> Path:
        """Which processes run, and on which port."""
        return self.path / "server.json"

    @property
    def lock(self) -> Path:
        """Held by whoever starts, checks or stops the server."""
        return self.path / "server.lock"

    @property
    def port(self) -> Path:
        """The port used last, so that addresses stay as they were."""
        return self.path / "server.port"

    @property
    def used(self) -> Path:
        """Touched by each command; its age is how long nobody came."""
        return self.path / "server.used"

    @property
    def kept(self) -> Path:
        """Locked by the `batchpoint up` that keeps the server, while there is one."""
        return self.path / "server.kept"

    @property
    def forks(self) -> Path:
        """Where commands find the process that forks them, while there is one."""
        return self.path / "server.forks"

    @property
    def bell(self) -> Path:
        """Rung by whoever has sent a job to the embedded server."""
        return self.path / "server.bell"

    @property
    def gateway(self) -> Path:
        """Where jobs are taken over HTTP, while they are."""
        return self.path / "gateway.json"

    @property
    def events(self) -> Path:
        """Which jobs the gateway gave events to."""
        return self.path / "gateway-events.db"

    @property
    def prefect(self) -> Path:
        """Prefect's own home: database, settings, profiles, memos."""
        return self.path / "prefect"

    def log(self, role: str) -> Path:
        """Where the process of that role (server or worker) writes."""
        return self.path / "logs" / f"{role}.log"


def home() -> Path:
    """The folder of `home_path`, made if need be, for its owner only.

    A folder that holds something already keeps its mode; what lies in it of ours is closed to others in any case.
    Raises: ServerError when the folder cannot be made.
    """
    path = home_path()
    try:
        path.mkdir(parents=True, exist_ok=True)
        if not any(path.iterdir()):
            path.chmod(0o700)
        for folder in ("prefect", "logs"):
            (path / folder).mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise ServerError(
            f"BATCHPOINT_HOME {path} cannot be used: {error.strerror or error}; set BATCHPOINT_HOME to a folder "
            "that you may write"
        ) from error
    return path


def last_port(home: Home) -> int | None:
    """The port of the server that was started last, if any was."""
    try:
        return int(home.port.read_text())
    except (OSError, ValueError):
        return None
