"""What runs now, as the commands tell each other through a file."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from deployments.embedded.errors import ServerError
from deployments.embedded.home import Home
from deployments.embedded.processes import Started


@dataclass(frozen=True)
class State:
    """The server and worker that were started last."""

    port: int
    server: Started
    worker: Started | None = None
    is_ready: bool = False
    python: str = ""

    @property
    def url(self) -> str:
        """Where the server's UI is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def api_url(self) -> str:
        """Where the server's API is."""
        return f"{self.url}/api"


def read(home: Home) -> State | None:
    """The state as last written, or None when nothing was started or all was stopped.

    Raises: ServerError when the file cannot be read.
    """
    try:
        kept = json.loads(home.state.read_text())
        worker = kept["worker"]
        return State(
            port=int(kept["port"]),
            server=Started(**kept["server"]),
            worker=Started(**worker) if worker else None,
            is_ready=bool(kept["is_ready"]),
            python=str(kept["python"]),
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ServerError(
            f"{home.state} cannot be read ({type(error).__name__}: {error}); end the processes that "
            "`ps aux | grep deployments.embedded` shows and remove the file"
        ) from error


def write(home: Home, state: State) -> None:
    """Replace the state in one step."""
    record: dict[str, Any] = asdict(state)
    half = home.state.with_suffix(".half")
    half.write_text(json.dumps(record, indent=1))
    half.chmod(0o600)
    half.replace(home.state)
    home.port.write_text(str(state.port))


def forget(home: Home) -> None:
    """Say that nothing runs."""
    home.state.unlink(missing_ok=True)
