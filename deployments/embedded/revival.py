"""The server's side of a killed worker: it is started again, also when no command comes that would do it.

Whoever looks at the server's pages only must see what became of the jobs that the worker ran, and an idle server is
ended by its worker alone.
"""

import os
import threading

from filelock import Timeout

from deployments.embedded import launch, state
from deployments.embedded.errors import ServerError
from deployments.embedded.home import Home

LOOK_SECONDS = 20.0
"""Commands that find the worker gone, which start it at once, come sooner as a rule."""


def watch(place: Home) -> None:
    """Look after the worker from a thread of the server's process, for as long as that lives."""
    threading.Thread(target=_watch, args=(place, threading.Event()), name="watch-worker", daemon=True).start()


def _watch(place: Home, never: threading.Event) -> None:
    while not never.wait(LOOK_SECONDS):
        look(place, os.getpid())


def look(place: Home, server: int) -> bool:
    """Start the worker of the server with this pid if it is gone; whether it was.

    While a command starts or stops something, it is left to that.
    """
    try:
        with launch.lock(place, timeout=0):
            now = state.read(place)
            is_gone = now is not None and now.is_ready and now.worker is not None and not now.worker.is_alive
            if now is None or not is_gone or now.server.pid != server:
                return False
            launch.ensure(place)
            return True
    except (Timeout, ServerError):  # the next look, or the next command, finds what is to be done
        return False
