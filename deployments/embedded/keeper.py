"""`batchpoint up` and `down`: the embedded server on purpose."""

import signal
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from filelock import FileLock, Timeout

from deployments.embedded import health, launch, state
from deployments.embedded.connection import start
from deployments.embedded.errors import ServerError
from deployments.embedded.home import Home
from deployments.embedded.state import State

LOOK_SECONDS = 1.0


@dataclass(frozen=True)
class Status:
    """What runs of the embedded server."""

    is_running: bool
    server_alive: bool
    worker_alive: bool
    is_kept: bool
    state: State | None


def status(place: Home) -> Status:
    """Look without waiting for a start or stop that goes on, and without counting as use."""
    now = state.read(place)
    server = now is not None and now.server.is_alive
    worker = now is not None and now.worker is not None and now.worker.is_alive
    answers = now is not None and server and health.is_healthy(now.api_url)
    return Status(answers and worker, server, worker, launch.is_kept(place), now)


def stop(place: Home) -> State | None:
    """End server, worker and flow runs; what ran is returned, None when nothing did."""
    with launch.lock(place):
        return launch.stop(place)


def keep(
    place: Home, announce: Callable[[str], None], beside: Callable[[], AbstractContextManager[None]] = nullcontext
) -> None:
    """Start the server, keep it running until SIGINT or SIGTERM, then stop it. Returns early when `down` stops it.

    Whatever dies meanwhile is started again.

    Args:
        place: the server's home.
        announce: given what a person should know.
        beside: entered once the server runs, and left before it is stopped.
    Raises: ServerError when another `up` keeps it already, or it cannot be started.
    """
    told_to_end = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: told_to_end.set())
    try:
        with FileLock(place.kept, timeout=2):
            now = start(place, announce)
            announce(
                f"the Prefect server at {now.url} runs until Ctrl-C, `batchpoint down` or the end of this process; "
                f"its logs are in {place.log('server').parent}"
            )
            with beside():
                is_down = not _watch(place, announce, told_to_end)
            if is_down:
                announce("`batchpoint down` stopped the Prefect server")
                return
            announce("stopping the Prefect server")
            stop(place)
    except Timeout as error:
        raise ServerError(
            "`batchpoint up` runs already in another terminal; stop it there, or type `batchpoint down`"
        ) from error


def _watch(place: Home, announce: Callable[[str], None], told_to_end: threading.Event) -> bool:
    """Start again what dies, until it is told to end; False when `down` stopped everything before."""
    while not told_to_end.wait(LOOK_SECONDS):
        if state.read(place) is None:
            return False
        if not status(place).is_running:
            start(place, announce)
    return True
