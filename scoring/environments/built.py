"""Environments that were built on this machine: where they lie, what they take, which can go."""

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from scoring.environments.locks import Lock
from scoring.environments.recipe import Recipe
from scoring.facts import Record
from scoring.home import home_path

COMPLETE = "complete.json"
TARGET = "environment"


class Built(Record):
    """A built environment, as the last file that its build wrote says."""

    digest: str
    path: str
    recipe: Recipe
    label: str
    seconds: float
    bytes: int

    @property
    def python(self) -> str:
        """Its interpreter."""
        return f"{self.path}/{TARGET}/bin/python"

    @property
    def used(self) -> datetime:
        """When it was built, or used last."""
        return datetime.fromtimestamp((Path(self.path) / COMPLETE).stat().st_mtime, UTC)

    def note_use(self) -> None:
        """Have it count as used now."""
        with suppress(OSError):  # somebody else's, who lets us use it: it stays as old as its owner's last use
            os.utime(Path(self.path) / COMPLETE)


def shelf() -> Path:
    """The folder below BATCHPOINT_HOME that holds them; it may not exist."""
    return home_path() / "environments"


def lock_of(digest: str) -> Lock:
    """The lock of an environment, built or not."""
    return Lock(shelf() / f"{digest}.lock")


def read(digest: str) -> Built | None:
    """The environment of a digest, if it is built."""
    try:
        kept = json.loads((shelf() / digest / COMPLETE).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    return Built(digest=digest, path=str(shelf() / digest), **kept)


def read_all() -> list[Built]:
    """Every built environment, the one longest unused first."""
    folders = shelf().iterdir() if shelf().is_dir() else iter(())
    found = [built for folder in folders if folder.is_dir() and (built := read(folder.name)) is not None]
    return sorted(found, key=lambda each: each.used)


def write(digest: str, recipe: Recipe, label: str, began: float) -> None:
    """Say that a build is whole; until then nobody takes it for an environment."""
    folder = shelf() / digest
    kept = {
        "recipe": recipe.model_dump(),
        "label": label,
        "seconds": round(time.monotonic() - began, 1),
        "bytes": sum(_sizes(folder)),
    }
    temporary = folder / f".{COMPLETE}"
    temporary.write_text(json.dumps(kept, indent=2) + "\n")
    temporary.rename(folder / COMPLETE)


def clear(digest: str) -> None:
    """Remove what lies under a digest; by whoever holds its lock alone. Its end as a whole comes first."""
    folder = shelf() / digest
    (folder / COMPLETE).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def remove(digest: str) -> bool:
    """Remove a built environment, unless a job uses it; whether it was removed."""
    with lock_of(digest) as lock:
        if not lock.try_take():
            return False
        clear(digest)
        return True


def _sizes(folder: Path) -> Iterator[int]:
    """Bytes on disk of each file, those that several names share once."""
    seen = set()
    for inside, _, names in os.walk(folder):
        for name in names:
            told = os.lstat(os.path.join(inside, name))  # noqa: PTH118 - a hundred thousand files
            if told.st_ino not in seen:
                seen.add(told.st_ino)
                yield told.st_blocks * 512
