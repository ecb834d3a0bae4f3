"""A doorbell for the worker: it polls each second, and at once when a door of this machine has sent it a job.

A named pipe under the home, which has no limit on its path's length and which nobody needs to clean up.
"""

import contextlib
import os
import stat
from pathlib import Path

import anyio


class Bell:
    """The worker's end."""

    def __init__(self, path: Path) -> None:
        """Hang it up: only this user can ring it."""
        if not (path.exists() and stat.S_ISFIFO(path.stat().st_mode)):
            path.unlink(missing_ok=True)
            os.mkfifo(path, 0o600)
        # Open for writing as well, or the pipe would be at its end, and so readable, whenever nobody rings.
        self._descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK)

    async def wait(self, seconds: float) -> None:
        """Return when it was rung since the last time, and after `seconds` in any case."""
        with anyio.move_on_after(seconds):
            await anyio.wait_readable(self._descriptor)
            os.read(self._descriptor, 4096)


def ring(path: Path) -> None:
    """Ring the bell at `path`, if one hangs there and a worker listens."""
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        try:
            if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
                os.write(descriptor, b"!")
        finally:
            os.close(descriptor)
