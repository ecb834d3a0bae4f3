"""SQLite lets one writer in at a time: those of the embedded server wait for each other before they begin.

Prefect's transactions look first and write later. SQLite refuses to let one write that began to look before another
wrote ("database is locked"), so Prefect rolls back, answers 503, and all of it is done again: of 203 flow runs that
were created four at a time 144 were rolled back, at a multiple of what one costs.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from contextvars import ContextVar
from weakref import WeakKeyDictionary

from prefect.server.database.configurations import SQLITE_BEGIN_MODE, AioSqliteConfiguration
from sqlalchemy.ext.asyncio import AsyncSession, AsyncSessionTransaction

PATIENCE = 5.0
"""Seconds that a writer waits for the others; then it tries its luck, as it would without all this."""
Locks = WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock]
_locks: Locks = WeakKeyDictionary()
_writes: ContextVar[bool] = ContextVar("writes", default=False)


class OneWriter(AioSqliteConfiguration):
    """Prefect's own way to SQLite, but that transactions take turns, and each has the write lock from its start."""

    @asynccontextmanager
    async def begin_transaction(
        self, session: AsyncSession, with_for_update: bool = False
    ) -> AsyncGenerator[AsyncSessionTransaction, None]:
        async with AsyncExitStack() as stack:
            # One within another's would wait for itself.
            is_first = not _writes.get() and await _has_turn(stack)
            begun = super().begin_transaction(session, with_for_update=with_for_update or is_first)
            transaction = await stack.enter_async_context(begun)
            if is_first:
                await session.connection()
                SQLITE_BEGIN_MODE.set(None)  # or other sessions that look meanwhile would want the lock too
            yield transaction


async def _has_turn(stack: AsyncExitStack) -> bool:
    """Wait for a turn, which ends with the stack; whether it came in time."""
    lock = _locks.setdefault(asyncio.get_running_loop(), asyncio.Lock())
    try:
        async with asyncio.timeout(PATIENCE):
            await lock.acquire()
    except TimeoutError:
        return False
    stack.callback(lock.release)
    stack.callback(_writes.reset, _writes.set(True))
    return True
