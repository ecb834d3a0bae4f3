"""Which files a job scores: found once, kept in the job's folder, and read from there by whoever scores them."""

import json
import struct
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import chain, count, groupby, islice
from pathlib import Path
from typing import Self

from scoring.errors import InputError
from scoring.facts import Record
from scoring.finding import find, find_one, is_hidden, locate
from scoring.held_folder import HeldFolder
from scoring.input_file import InputFile, Unreadable
from scoring.storage import Folder

FILES = "listing.jsonl"
OFFSETS = "listing.offsets"
SKIPPED = "skipped.jsonl"
SUMMARY = "listing.json"
OFFSET = struct.Struct("<Q")


class ListingSummary(Record):
    """What a listing came to."""

    root: str
    files: int
    skipped: int
    size: int


def _readable(root: Folder, url: str) -> Iterator[InputFile | Unreadable]:
    try:
        yield from find(root)
    except OSError as error:
        raise InputError(f"input {url} cannot be listed: {error.filename}: {error.strerror}") from error


def write_listing(url: str, job: Folder, *, include_hidden: bool = False) -> ListingSummary:
    """List an input into the job's folder; a listing that is there already is kept, so a resumed job sees the same.

    Args:
        url: a folder or one file; local path or fsspec URL.
        job: the job's folder.
        include_hidden: score hidden files too; otherwise they are written down as skipped.
    Raises: InputError when the input is not there or has nothing to score.
    """
    if job.exists(SUMMARY):
        return read_summary(job)
    root, only = locate(url)
    found = _readable(root, url) if only is None else [find_one(root, only)]
    with HeldFolder("listing") as scratch:
        with _ListingWriter(scratch) as writer:
            for file in found:
                if isinstance(file, Unreadable):
                    writer.skip(file.path, file.reason)
                elif only is None and not include_hidden and is_hidden(file.path):
                    writer.skip(file.path, "hidden")
                else:
                    writer.add(file)
        if not writer.files:
            hint = f"; {writer.skipped} were skipped, being hidden (settings.include_hidden scores those) or unreadable"
            raise InputError(f"input {url} has no files to score{hint if writer.skipped else ''}")
        for name in (FILES, OFFSETS, SKIPPED):
            job.put(scratch / name, name)
    summary = ListingSummary(root=root.url, files=writer.files, skipped=writer.skipped, size=writer.size)
    job.write(SUMMARY, summary.model_dump_json().encode())
    return summary


def copy_listing(source: Folder, job: Folder) -> ListingSummary:
    """Give a job the files of another one; a listing that is there already is kept."""
    if not job.exists(SUMMARY):
        for name in (FILES, OFFSETS, SKIPPED, SUMMARY):
            job.write(name, source.read(name))
    return read_summary(job)


class _ListingWriter:
    """The listing's three files, written side by side: a line for each file, where it begins, what is left out."""

    def __init__(self, folder: Path) -> None:
        self.files = self.skipped = self.size = 0
        self._position = 0
        self._open = ExitStack()
        self._lines, self._offsets, self._left = (
            self._open.enter_context((folder / name).open("wb")) for name in (FILES, OFFSETS, SKIPPED)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._offsets.write(OFFSET.pack(self._position))
        self._open.close()

    def add(self, file: InputFile) -> None:
        self._offsets.write(OFFSET.pack(self._position))
        self._position += self._lines.write(json.dumps(file).encode() + b"\n")
        self.files += 1
        self.size += file.size

    def skip(self, path: str, reason: str) -> None:
        self._left.write(json.dumps({"path": path, "reason": reason}).encode() + b"\n")
        self.skipped += 1


def read_summary(job: Folder) -> ListingSummary:
    """What the job's listing came to."""
    return ListingSummary.model_validate_json(job.read(SUMMARY))


def read_mini_batches(job: Folder, size: int, indexes: Iterable[int]) -> Iterator[tuple[int, list[InputFile]]]:
    """Mini-batches of `size` files, each with its index, in the order asked for.

    Those that follow one another are read in one go, so that a mini-batch costs no request of its own.
    """
    distance = count()
    for _, following in groupby(indexes, key=lambda index: index - next(distance)):
        first = next(following)
        with job.open(FILES) as lines:
            lines.seek(_begin_of(job, first * size))
            for index in chain([first], following):
                yield index, _files_in(islice(lines, size))


def _begin_of(job: Folder, file: int) -> int:
    (begin,) = OFFSET.unpack(job.read(OFFSETS, file * OFFSET.size, (file + 1) * OFFSET.size))
    return int(begin)


def _files_in(lines: Iterable[bytes]) -> list[InputFile]:
    return [InputFile(*told) for told in json.loads(b"[%s]" % b",".join(lines))]


def position_of(job: Folder, path: str) -> int | None:
    """Where a file stands in the listing, counted from 0; None for one that is not in it."""
    begin = f"[{json.dumps(path)},".encode()
    with job.open(FILES) as lines:
        return next((position for position, line in enumerate(lines) if line.startswith(begin)), None)


def read_paths(job: Folder) -> Iterator[str]:
    """The listed files' paths, in order."""
    with job.open(FILES) as lines:
        for line in lines:
            yield InputFile(*json.loads(line)).path


def read_skipped(job: Folder) -> Iterator[dict[str, str]]:
    """Files that were listed and not scored, each with its reason."""
    with job.open(SKIPPED) as lines:
        for line in lines:
            yield json.loads(line)
