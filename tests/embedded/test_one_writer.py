"""Transactions that look first and write later, on a real SQLite file: none is refused for another's sake."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from prefect.server.database.configurations import AioSqliteConfiguration
from sqlalchemy.exc import OperationalError

from deployments.embedded import one_writer
from deployments.embedded.one_writer import OneWriter

TIMES = 8


class Counter:
    """A number in a database, which transactions read, and write one more."""

    def __init__(self, config: AioSqliteConfiguration) -> None:
        self._config = config

    async def make(self) -> None:
        engine = await self._config.engine()
        async with await self._config.session(engine) as session, self._config.begin_transaction(session):
            await session.execute(sa.text("CREATE TABLE counter (value INTEGER)"))
            await session.execute(sa.text("INSERT INTO counter VALUES (0)"))

    async def increase(self, meanwhile: Callable[[], Awaitable[None]] | None = None) -> None:
        engine = await self._config.engine()
        async with await self._config.session(engine) as session, self._config.begin_transaction(session):
            value = (await session.execute(sa.text("SELECT value FROM counter"))).scalar_one()
            await asyncio.sleep(0.01)
            if meanwhile is not None:
                await meanwhile()
            await session.execute(sa.text("UPDATE counter SET value = :value"), {"value": value + 1})

    async def read(self) -> int:
        engine = await self._config.engine()
        async with await self._config.session(engine) as session:
            return int((await session.execute(sa.text("SELECT value FROM counter"))).scalar_one())


def increased(kind: type[AioSqliteConfiguration], file: Path) -> tuple[int, int]:
    """How far many come who count at once, and how many of them are refused."""

    async def count() -> tuple[int, int]:
        counter = Counter(kind(connection_url=f"sqlite+aiosqlite:///{file}", timeout=0.1))
        await counter.make()
        ended = await asyncio.gather(*(counter.increase() for _ in range(TIMES)), return_exceptions=True)
        return await counter.read(), sum(isinstance(each, OperationalError) for each in ended)

    return asyncio.run(count())


def test_all_who_write_at_once_are_let_in_one_by_one(tmp_path: Path) -> None:
    assert increased(OneWriter, tmp_path / "ours.db") == (TIMES, 0)
    assert increased(AioSqliteConfiguration, tmp_path / "prefects.db")[1] > 0


def test_a_transaction_within_another_waits_for_nobody_and_looks_are_let_in(tmp_path: Path) -> None:
    async def nest() -> int:
        config = OneWriter(connection_url=f"sqlite+aiosqlite:///{tmp_path / 'nested.db'}")
        counter = Counter(config)
        await counter.make()

        async def look_within() -> None:
            engine = await config.engine()
            async with await config.session(engine) as session, config.begin_transaction(session):
                await session.execute(sa.text("SELECT value FROM counter"))
            assert await counter.read() == 0

        async with asyncio.timeout(one_writer.PATIENCE):
            await counter.increase(look_within)
        return await counter.read()

    assert asyncio.run(nest()) == 1


def test_who_waits_for_long_tries_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_writer, "PATIENCE", 0.1)

    async def hold_up() -> None:
        counter = Counter(OneWriter(connection_url=f"sqlite+aiosqlite:///{tmp_path / 'held.db'}", timeout=0.1))
        await counter.make()
        holds, end = asyncio.Event(), asyncio.Event()

        async def hold() -> None:
            holds.set()
            await end.wait()

        holder = asyncio.create_task(counter.increase(hold))
        await holds.wait()
        with pytest.raises(OperationalError, match="locked"):
            await counter.increase()
        end.set()
        await holder
        assert await counter.read() == 1

    asyncio.run(hold_up())
