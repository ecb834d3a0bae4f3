"""Parts: the rows and facts of finished mini-batches, in files that appear whole. A mini-batch in a part is done.

A part is named for the first and last mini-batch it holds, and holds every one between. One some of whose files were
given up is an incomplete part of its own: those files are tried again when the job is resumed. Inside, each mini-batch
is a frame: one line of JSON (its facts, its columns, the length of its rows in bytes), then its rows. Rows and facts
lie in one file, so that neither can be there without the other.
"""

import json
import time
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from scoring.facts import Facts
from scoring.lease import Lease
from scoring.process import Scored
from scoring.storage import Folder

PARTS = "parts"
ENDING = ".part"
INCOMPLETE = ".incomplete.part"
COPY_BYTES = 1 << 20
PART_SECONDS = 4.0  # what may be lost when a slot dies: quick mini-batches share a part for this long


@dataclass(frozen=True)
class Frame:
    """One mini-batch in a part: its facts, its columns, and where in the part's file its rows lie, in bytes."""

    facts: Facts
    columns: tuple[str, ...]
    part: str
    offset: int
    length: int


class Sink(Protocol):
    """Something that takes bytes: a file, or a file that hashes what it is given."""

    def write(self, data: bytes, /) -> int:
        """Take all of the bytes."""
        ...


class PartWriter:
    """Collects the frames of consecutive mini-batches and writes them as parts. Used by one thread."""

    def __init__(self, job: Folder, scratch: Path, lease: Lease | None = None) -> None:
        """Begin with none.

        Args:
            job: the job's folder.
            scratch: a folder for what is not stored yet.
            lease: of the run of the job that this is part of; None for a job that runs once.
        """
        self._parts = job.folder(PARTS)
        self._lease = lease or Lease(job)
        self._scratch = scratch
        self.seconds: dict[int, float] = {}  # that storing each part took, by the last mini-batch in it
        self._frames: list[tuple[Facts, Scored]] = []
        self._opened = 0.0
        self._number = 0
        self._spool = str(scratch / "spool-0")

    def spool_for(self, mini_batch: int) -> str:
        """The file that the rows of a mini-batch are appended to, before add() is told of them.

        A part holds every mini-batch between its first and last: one that does not follow begins another part.
        """
        if self._frames and mini_batch != self._frames[-1][0].mini_batch + 1:
            self.close()
        return self._spool

    def add(self, facts: Facts, scored: Scored) -> None:
        """Add a mini-batch whose rows are in the spool; the part is closed when it has been open for a while."""
        if not self._frames:
            self._opened = time.monotonic()
        self._frames.append((facts, scored))
        if time.monotonic() - self._opened + facts.seconds >= PART_SECONDS:
            self.close()

    def add_alone(self, facts: Facts, columns: tuple[str, ...], rows: Path, *, is_complete: bool) -> None:
        """Write a mini-batch as a part of its own, in place of an incomplete one of it that there may be.

        Args:
            facts: its facts.
            columns: its columns.
            rows: a file of its rows and nothing else.
            is_complete: whether none of its files was given up.
        """
        self.close()
        began = time.monotonic()
        whole = self._scratch / f"alone-{facts.mini_batch}"
        with whole.open("wb") as part, rows.open("rb") as source:
            length = rows.stat().st_size
            part.write(_header(facts, columns, length))
            copy_exactly(source, part, length)
        span = _span(facts.mini_batch, facts.mini_batch)
        self._lease.check()
        self._parts.put(whole, span + (ENDING if is_complete else INCOMPLETE))
        if is_complete:
            self._parts.remove(span + INCOMPLETE)
        self.seconds[facts.mini_batch] = round(time.monotonic() - began, 6)

    def keep_up(self) -> None:
        """Store what was added before, when the mini-batch that is being scored takes longer than those."""
        if self._frames and time.monotonic() - self._opened >= PART_SECONDS:
            self._store()

    def close(self) -> None:
        """Write what was added as one part, and begin another."""
        self._store()
        Path(self._spool).unlink(missing_ok=True)
        self._number += 1
        self._spool = str(self._scratch / f"spool-{self._number}")

    def _store(self) -> None:
        if self._frames:
            self._write()
            self._frames = []

    def _write(self) -> None:
        began = time.monotonic()
        last = self._frames[-1][0].mini_batch
        name = _span(self._frames[0][0].mini_batch, last) + ENDING
        whole = self._scratch / name
        with whole.open("wb") as part, ExitStack() as opened:
            rows: BinaryIO | None = None
            for facts, scored in self._frames:
                part.write(_header(facts, scored.columns, scored.length))
                if scored.length:
                    rows = rows or opened.enter_context(Path(self._spool).open("rb"))
                    rows.seek(scored.offset)
                    copy_exactly(rows, part, scored.length)
        self._lease.check()
        self._parts.put(whole, name)
        self.seconds[last] = round(time.monotonic() - began, 6)


def _header(facts: Facts, columns: tuple[str, ...], length: int) -> bytes:
    told = facts.model_dump_json(exclude_defaults=True)
    return f'{{"facts": {told}, "columns": {json.dumps(columns)}, "length": {length}}}\n'.encode()


def _span(first: int, last: int) -> str:
    return f"{first:09d}-{last:09d}"


def copy_exactly(source: BinaryIO, target: Sink, length: int) -> None:
    """Copy `length` bytes. Raises: EOFError when the source ends before."""
    while length:
        data = source.read(min(length, COPY_BYTES))
        if not data:
            raise EOFError(f"{getattr(source, 'name', source)} ends {length} bytes too early")
        target.write(data)
        length -= len(data)


class Done:
    """Which mini-batches are in parts, as one look at the parts' names tells; those in incomplete ones are not done."""

    def __init__(self, job: Folder, given_up: Iterable[int] = ()) -> None:
        """Look; those that were given up for good are done as well."""
        self._given_up = {*given_up}
        names = [name for name in job.folder(PARTS).names() if name.endswith(ENDING)]
        self.incomplete = {_range_of(name)[0] for name in names if name.endswith(INCOMPLETE)}
        self.ranges = sorted(_range_of(name) for name in names if not name.endswith(INCOMPLETE))
        self._reach: list[int] = []
        for _, last in self.ranges:
            self._reach.append(max(last, self._reach[-1] if self._reach else -1))

    def __contains__(self, mini_batch: int) -> bool:
        if mini_batch in self._given_up:
            return True
        before = bisect_right(self.ranges, (mini_batch, 1 << 62))
        return before > 0 and self._reach[before - 1] >= mini_batch

    def __bool__(self) -> bool:
        return bool(self.ranges or self.incomplete)


def _range_of(name: str) -> tuple[int, int]:
    first, _, last = name.removesuffix(INCOMPLETE).removesuffix(ENDING).partition("-")
    return int(first), int(last)


def _order_of(name: str) -> tuple[int, bool]:
    return _range_of(name)[0], name.endswith(INCOMPLETE)


def read_frames(job: Folder) -> Iterator[Frame]:
    """Every mini-batch in a part once, by index; where parts overlap (Dask ran a chunk twice) the first one counts."""
    parts = job.folder(PARTS)
    reached = -1
    for name in sorted((name for name in parts.names() if name.endswith(ENDING)), key=_order_of):
        if _range_of(name)[1] <= reached:
            continue
        with parts.open(name) as part:
            while line := part.readline():
                header = json.loads(line)
                facts = Facts.model_validate(header["facts"])
                offset = part.tell()
                if facts.mini_batch > reached:
                    yield Frame(facts, tuple(header["columns"]), name, offset, header["length"])
                    reached = facts.mini_batch
                part.seek(offset + header["length"])


def read_incomplete(job: Folder, mini_batch: int) -> Frame:
    """The mini-batch in its incomplete part."""
    name = _span(mini_batch, mini_batch) + INCOMPLETE
    with job.folder(PARTS).open(name) as part:
        header = json.loads(part.readline())
        facts = Facts.model_validate(header["facts"])
        return Frame(facts, tuple(header["columns"]), name, part.tell(), header["length"])


class RowReader:
    """The rows of frames, read in order with one part open at a time."""

    def __init__(self, job: Folder) -> None:
        self._parts = job.folder(PARTS)
        self._name: str | None = None
        self._file: BinaryIO | None = None

    def copy(self, frame: Frame, target: Sink) -> None:
        """Copy a frame's rows to a file."""
        file = self._open(frame.part)
        file.seek(frame.offset)
        copy_exactly(file, target, frame.length)

    def read(self, frame: Frame) -> bytes:
        """A frame's rows."""
        file = self._open(frame.part)
        file.seek(frame.offset)
        return file.read(frame.length)

    def _open(self, name: str) -> BinaryIO:
        if self._file is None or self._name != name:
            self.close()
            self._file, self._name = self._parts.open(name), name
        return self._file

    def close(self) -> None:
        """Close the part that is open."""
        if self._file is not None:
            self._file.close()
            self._file = None
