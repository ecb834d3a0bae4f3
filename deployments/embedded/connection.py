"""One call that any command makes before it talks to Prefect."""

import contextlib
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from filelock import Timeout

from deployments.embedded import environment, health, launch
from deployments.embedded.busy import busy
from deployments.embedded.errors import ServerError
from deployments.embedded.home import Home, home
from deployments.embedded.state import State
from deployments.embedded.told import Told, told_elsewhere


@dataclass(frozen=True)
class Connection:
    """The Prefect server in use."""

    api_url: str
    ui_url: str
    embedded: bool


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - stdout belongs to the command's result


def connect(use_profile: bool = True, announce: Callable[[str], None] = _to_stderr) -> Connection:
    """Point this process at the user's Prefect server, or at the embedded one, which is started if it does not run.

    Call it before Prefect is imported: afterwards the environment says where the server is and where Prefect keeps its
    files. With the embedded server running it costs one small HTTP request.

    Args:
        use_profile: whether an API address in Prefect's active profile counts; PREFECT_API_URL always does.
        announce: given a line for the user when something was started.
    Raises: ServerError when the named server does not answer, or the embedded one cannot be started.
    """
    if told := told_elsewhere(use_profile):
        return _external(told)
    place = Home(home())
    now = start(place, announce)
    environment.apply(environment.client_environment(place, now))
    return Connection(now.api_url, now.url, embedded=True)


def start(place: Home, announce: Callable[[str], None] = _to_stderr) -> State:
    """Start what does not run of the embedded server and worker, and say so; return when both are ready.

    Of several commands that do this at once, one starts and the others wait for it.
    Raises: ServerError when it cannot be started.
    """
    place.used.touch()
    with contextlib.ExitStack() as stack:
        _take_lock(stack, place)
        now, started = launch.ensure(place, on_start=lambda: _show_start(stack, place, announce))
    if started == "server":
        announce(f"started a Prefect server at {now.url}; `batchpoint down` stops it")
    elif started == "worker":
        announce(f"started the worker of the Prefect server at {now.url} again")
    # One environment's python has several names (python, python3.11): what differs is the folder.
    if Path(now.python).parent != Path(sys.executable).parent:
        announce(
            f"the Prefect server at {now.url} runs jobs with {now.python}; to use {sys.executable}, "
            "type `batchpoint down` first"
        )
    return now


def _take_lock(stack: contextlib.ExitStack, place: Home) -> None:
    with contextlib.suppress(Timeout):
        stack.enter_context(launch.lock(place, timeout=0.5))
        return
    with busy("waiting for another command that starts or stops the Prefect server"):
        try:
            stack.enter_context(launch.lock(place))
        except Timeout as error:
            raise ServerError(
                f"another command has been starting or stopping the Prefect server for {launch.PATIENCE:.0f} s; "
                f"see {place.log('server')}, or end that command"
            ) from error


def _show_start(stack: contextlib.ExitStack, place: Home, announce: Callable[[str], None]) -> None:
    """Show that it takes a while: a turning wheel on a terminal, a line elsewhere when it takes long."""
    is_first = not (place.prefect / "prefect.db").exists()
    line = f"starting a Prefect server under {place.path}" + (": the first time takes up to 30 s" if is_first else "")
    if sys.stderr.isatty():
        stack.enter_context(busy(line))
    elif is_first:
        announce(line)


def _external(told: Told) -> Connection:
    if health.status(told.api_url, "/health", timeout=10) is None:
        raise ServerError(
            f"no Prefect server answers at {told.api_url} ({told.source}); start it, or remove the setting to have "
            "batchpoint start one of its own"
        )
    os.environ.setdefault("PREFECT_API_URL", told.api_url)
    ui_url = os.environ.get("PREFECT_UI_URL") or told.api_url.rstrip("/").removesuffix("/api")
    return Connection(told.api_url, ui_url, embedded=False)
