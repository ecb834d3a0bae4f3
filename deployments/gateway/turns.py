"""Whose turn it is to send a job: few at once, so that looking at jobs stays quick while many are sent."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from deployments.gateway.errors import RefusedError, too_many

AT_ONCE = 4
"""More at once are answered no sooner by one Prefect server, and keep it from answering anything else."""
PATIENCE = 10.0
LONGEST = 60.0
FIRST_GUESS = 0.25
WEIGHT = 0.2
"""Of the newest turn in what turns take."""


class Turns:
    """Lets so many send a job at once; as many as soon have a turn wait for it, and the others are sent away.

    Each of those is told to come when its turn would be, by how long turns have taken of late: so they do not all come
    again at once.

    Args:
        at_once: how many have a turn together.
        patience: seconds that one waits at most.
    """

    def __init__(self, at_once: int = AT_ONCE, patience: float = PATIENCE) -> None:
        self._free, self._patience = asyncio.Semaphore(at_once), patience
        self._waiting = 0
        self._ended = 0.0
        self._seconds = FIRST_GUESS
        self._promised = 0.0

    @asynccontextmanager
    async def take(self) -> AsyncIterator[None]:
        """Have a turn while a block lasts. Raises: RefusedError when none comes within `patience` seconds."""
        line = self._waiting * self._seconds
        if line > self._patience:
            raise self._sent_away(line)
        self._waiting += 1
        try:
            async with asyncio.timeout(self._patience):
                await self._free.acquire()
        except TimeoutError:
            raise self._sent_away(0.0) from None  # it was the first in line
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._free.release()
            self._measure()

    def _measure(self) -> None:
        """How often a turn ends, as long as somebody waits for it to."""
        now = time.monotonic()
        if self._waiting and self._ended:
            self._seconds += WEIGHT * (now - self._ended - self._seconds)
        self._ended = now if self._waiting else 0.0

    def _sent_away(self, line: float) -> RefusedError:
        """Behind all who were sent away before, and behind those who wait, which takes `line` seconds."""
        now = time.monotonic()
        self._promised = min(max(self._promised, now + line) + self._seconds, now + LONGEST)
        said = "more jobs are sent than can be taken at once; send this one again in"
        return too_many(said, time.time() + self._promised - now)
