"""Which files a job scores: found once, kept in the job's folder, and read from there by whoever scores them."""

import json
import os
import stat
import struct
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scoring.errors import InputError
from scoring.facts import Record
from scoring.storage import Folder

FILES = "listing.jsonl"
OFFSETS = "listing.offsets"
SKIPPED = "skipped.jsonl"
SUMMARY = "listing.json"
OFFSET = struct.Struct("<Q")


@dataclass(frozen=True)
class InputFile:
    """One file: its path relative to the input's root, its size in bytes, and what tells that it changed."""

    path: str
    size: int
    etag: str


@dataclass(frozen=True)
class Unreadable:
    """Something with a file's name that holds nothing to score, and what it is."""

    path: str
    reason: str


class ListingSummary(Record):
    """What a listing came to."""

    root: str
    files: int
    skipped: int
    size: int


def find(root: Folder) -> Iterator[InputFile | Unreadable]:
    """Every file below a folder, in the byte order of its relative path, the same on every store.

    Raises: InputError when the folder is not there.
    """
    if root.is_local:
        yield from _walk(Path(root.path), "", frozenset())
        return
    found = root.fs.find(root.path, detail=True)
    prefix = len(root.path.rstrip("/")) + 1
    for path in sorted(found, key=lambda each: each[prefix:].encode("utf-8", "surrogateescape")):
        yield _remote_file(path[prefix:], found[path])


def find_one(root: Folder, name: str) -> InputFile:
    """The one file of an input that is a file."""
    if root.is_local:
        status = Path(root.at(name)).stat()
        return InputFile(name, status.st_size, _local_etag(status))
    return _remote_file(name, root.fs.info(root.at(name)))


def _remote_file(path: str, entry: dict[str, Any]) -> InputFile:
    etag = str(entry.get("ETag") or entry.get("etag") or entry.get("LastModified") or "").strip('"')
    return InputFile(path, int(entry.get("size") or 0), etag)


def _local_etag(status: os.stat_result) -> str:
    return f"{status.st_mtime_ns:x}-{status.st_size:x}"


def _walk(folder: Path, below: str, above: frozenset[tuple[int, int]]) -> Iterator[InputFile | Unreadable]:
    """Files of a local folder without ever holding more than one folder's names per level.

    Sorting a folder's names with a slash behind those of folders gives the byte order of whole paths. `above` holds
    the folders we are in, so that a symbolic link to one of them ends there.
    """
    here = folder.stat()
    inside = above | {(here.st_dev, here.st_ino)}
    with os.scandir(folder) as scanned:
        entries = [(entry.name + "/" if _is_folder(entry) else entry.name, entry) for entry in scanned]
    entries.sort(key=lambda pair: os.fsencode(pair[0]))
    for name, entry in entries:
        if name.endswith("/"):
            status = entry.stat()
            if (status.st_dev, status.st_ino) not in inside:
                yield from _walk(Path(entry.path), below + name, inside)
            continue
        try:
            status = entry.stat()
        except OSError as error:
            yield Unreadable(below + name, f"cannot be read: {error.strerror}")
            continue
        if stat.S_ISREG(status.st_mode):
            yield InputFile(below + name, status.st_size, _local_etag(status))
        else:
            yield Unreadable(below + name, "neither a file nor a folder")


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False  # a symbolic link that leads in a circle


def is_hidden(path: str) -> bool:
    """Whether the file or a folder on its way begins with a dot."""
    return path.startswith(".") or "/." in path


def locate(url: str) -> tuple[Folder, str | None]:
    """The input's root folder, and the file's name when the input is one file.

    Raises: InputError when there is nothing at that place.
    """
    place = Folder(url)
    if place.is_local:
        path = Path(place.path)
        if path.is_dir():
            return place, None
        if path.is_file():
            return Folder(path.parent), path.name
    elif place.fs.isdir(place.path):
        return place, None
    elif place.fs.isfile(place.path):
        parent, _, name = place.url.rpartition("/")
        return Folder(parent), name
    raise InputError(f"input {url} is not there; give the path of a folder of files, or of one file")


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
    files = size = skipped = 0
    with tempfile.TemporaryDirectory(prefix="batchpoint-listing-") as scratch:
        paths = {name: Path(scratch, name) for name in (FILES, OFFSETS, SKIPPED)}
        with paths[FILES].open("wb") as lines, paths[OFFSETS].open("wb") as offsets, paths[SKIPPED].open("wb") as left:
            position = 0
            for file in _readable(root, url) if only is None else [find_one(root, only)]:
                is_left = only is None and not include_hidden and is_hidden(file.path)
                if is_left or isinstance(file, Unreadable):
                    reason = file.reason if isinstance(file, Unreadable) else "hidden"
                    left.write(json.dumps({"path": file.path, "reason": reason}).encode() + b"\n")
                    skipped += 1
                    continue
                line = json.dumps({"path": file.path, "size": file.size, "etag": file.etag}).encode() + b"\n"
                offsets.write(OFFSET.pack(position))
                position += lines.write(line)
                files += 1
                size += file.size
            offsets.write(OFFSET.pack(position))
        if not files:
            hint = f"; {skipped} were skipped, being hidden (settings.include_hidden scores those) or unreadable"
            hint = hint if skipped else ""
            raise InputError(f"input {url} has no files to score{hint}")
        for name, path in paths.items():
            job.put(path, name)
    summary = ListingSummary(root=root.url, files=files, skipped=skipped, size=size)
    job.write(SUMMARY, summary.model_dump_json().encode())
    return summary


def read_summary(job: Folder) -> ListingSummary:
    """What the job's listing came to."""
    return ListingSummary.model_validate_json(job.read(SUMMARY))


def read_files(job: Folder, first: int, count: int) -> list[InputFile]:
    """Listed files number `first` and on, `count` of them or as many as there are; reads no more than those lines."""
    packed = job.read(OFFSETS, first * OFFSET.size, (first + count + 1) * OFFSET.size)
    offsets = [value for (value,) in OFFSET.iter_unpack(packed)]
    if len(offsets) < 2:
        return []
    text = job.read(FILES, offsets[0], offsets[-1])
    return [InputFile(**json.loads(line)) for line in text.splitlines()]


def read_skipped(job: Folder) -> Iterator[dict[str, str]]:
    """Files that were listed and not scored, each with its reason."""
    with job.open(SKIPPED) as lines:
        for line in lines:
            yield json.loads(line)
