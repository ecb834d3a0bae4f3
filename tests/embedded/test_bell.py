"""The worker's doorbell: it ends a wait at once, and it never fails whoever rings."""

import os
import stat
import time
from pathlib import Path

import anyio
import pytest

from deployments.embedded.bell import Bell, ring


def waited(bell: Bell, seconds: float) -> float:
    began = time.monotonic()
    anyio.run(bell.wait, seconds)
    return time.monotonic() - began


def test_a_ring_ends_the_wait_that_goes_on_and_several_end_one(tmp_path: Path) -> None:
    bell = Bell(tmp_path / "bell")

    async def ringing() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(bell.wait, 60)
            await anyio.sleep(0.05)
            ring(tmp_path / "bell")

    began = time.monotonic()
    anyio.run(ringing)
    ring(tmp_path / "bell")
    ring(tmp_path / "bell")
    anyio.run(bell.wait, 60)
    assert time.monotonic() - began < 30
    assert waited(bell, 0.2) >= 0.2


def test_only_its_owner_can_ring_it(tmp_path: Path) -> None:
    Bell(tmp_path / "bell")
    assert stat.S_IMODE((tmp_path / "bell").stat().st_mode) == 0o600


@pytest.mark.parametrize("what", ["nothing", "a file", "a bell of a worker that has ended"])
def test_ringing_where_nobody_listens_does_nothing(tmp_path: Path, what: str) -> None:
    path = tmp_path / "bell"
    if what == "a file":
        path.write_text("kept")
    elif what != "nothing":
        os.mkfifo(path)
    ring(path)
    assert what != "a file" or path.read_text() == "kept"


def test_a_bell_is_hung_where_something_else_lay(tmp_path: Path) -> None:
    (tmp_path / "bell").write_text("what a copied home may hold")
    bell = Bell(tmp_path / "bell")
    ring(tmp_path / "bell")
    assert waited(bell, 60) < 30
