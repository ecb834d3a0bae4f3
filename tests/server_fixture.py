"""A real embedded server: one for the session, and homes for tests that start, kill or stop their own."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from deployments.embedded import Connection, connect, environment, keeper
from deployments.embedded.home import Home, home


@pytest.fixture(scope="session")
def server() -> Iterator[Connection]:
    """The session's embedded server and worker; after this, Prefect in this process talks to it."""
    before = dict(os.environ)
    connection = connect(announce=lambda line: None)
    place = Home(home())
    yield connection
    keeper.stop(place)
    environment.apply(before)


@pytest.fixture(scope="session")
def migrated(server: Connection, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that has Prefect's tables already: making them takes a first start most of its time."""
    copy = tmp_path_factory.mktemp("migrated") / "prefect.db"
    with closing(sqlite3.connect(Home(home()).prefect / "prefect.db")) as live, closing(sqlite3.connect(copy)) as other:
        live.backup(other)
    return copy


@pytest.fixture
def own_home(migrated: Path, tmp_path: Path) -> Iterator[Home]:
    """A BATCHPOINT_HOME of the test's own, where nothing runs before the test nor after it."""
    yield from _home(migrated, tmp_path)


@pytest.fixture(scope="module")
def module_home(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """The same, for all tests of a module."""
    yield from _home(migrated, tmp_path_factory.mktemp("own"))


def _home(migrated: Path, folder: Path) -> Iterator[Home]:
    before = dict(os.environ)
    no_server = {name: value for name, value in before.items() if not name.startswith("PREFECT_")}
    environment.apply({**no_server, "BATCHPOINT_HOME": str(folder / "home")})
    place = Home(home())
    shutil.copy(migrated, place.prefect / "prefect.db")
    yield place
    keeper.stop(place)
    environment.apply(before)
