"""Whose turn it is to send a job: few at once, so that looking at jobs stays quick while many are sent."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from deployments.gateway.errors import too_many

AT_ONCE = 4
"""More at once are answered no sooner by one Prefect server, and keep it from answering anything else."""
PATIENCE = 10.0
RETRY_SECONDS = 5.0


class Turns:
    """Lets so many send a job at once; the others wait, and are sent away when they have waited for long."""

    def __init__(self, at_once: int = AT_ONCE, patience: float = PATIENCE) -> None:
        self._free, self._patience = asyncio.Semaphore(at_once), patience

    @asynccontextmanager
    async def take(self) -> AsyncIterator[None]:
        """Have a turn while a block lasts. Raises: RefusedError when none came within `patience` seconds."""
        try:
            async with asyncio.timeout(self._patience):
                await self._free.acquire()
        except TimeoutError:
            said = f"more jobs are sent than can be taken, and this one waited {self._patience:.0f} s; send it again in"
            raise too_many(said, time.time() + RETRY_SECONDS) from None
        try:
            yield
        finally:
            self._free.release()
