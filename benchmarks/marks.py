"""When a scoring script was loaded and called, as scripts/timed.py noted it, process by process."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from struct import iter_unpack


@dataclass(frozen=True)
class Marks:
    """Times of one job's calls of run(), in seconds of time.monotonic(), which all processes of a machine share."""

    processes: int
    calls: int
    first_ready: float
    """The first process had init() behind it."""
    last_ready: float
    first_began: float
    last_ended: float
    inside: float
    """Seconds inside run(), summed over the processes."""


def clear(folder: Path) -> None:
    """Forget what an earlier job noted."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def read(folder: Path) -> Marks:
    """What the processes of one job noted. Raises: ValueError when none was called."""
    notes = list(_notes(folder))
    calls = [call for _, calls in notes for call in calls]
    return Marks(
        processes=len(notes),
        calls=len(calls),
        first_ready=min(ready for ready, _ in notes),
        last_ready=max(ready for ready, _ in notes),
        first_began=min(began for began, _ in calls),
        last_ended=max(ended for _, ended in calls),
        inside=sum(ended - began for began, ended in calls),
    )


def _notes(folder: Path) -> Iterator[tuple[float, list[tuple[float, float]]]]:
    """For each process that scored something: when it was ready, and its calls."""
    for file in folder.iterdir():
        (_, ready), *calls = iter_unpack("dd", file.read_bytes())
        if calls:
            yield ready, calls
