"""Finding the files below an input's root: on this machine or in an object store, in the same order everywhere."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from scoring.access import called
from scoring.byte_order import in_byte_order
from scoring.errors import InputError
from scoring.input_file import InputFile, Unreadable
from scoring.refusals import explained
from scoring.storage import Folder
from scoring.store_pages import etag_of, stored_files


def find(root: Folder) -> Iterator[InputFile | Unreadable]:
    """Every file below a folder, in the byte order of its relative path, the same on every store.

    Raises: OSError when a folder cannot be read.
    """
    return _walk(root.path, "", frozenset()) if root.is_local else in_byte_order(stored_files(root))


def find_one(root: Folder, name: str) -> InputFile:
    """The one file of an input that is a file."""
    if root.is_local:
        status = Path(root.at(name)).stat()
        return InputFile(name, status.st_size, _local_etag(status))
    with explained(root.url_of(name)):
        entry = root.fs.info(root.at(name))
    return InputFile(name, int(entry.get("size") or 0), etag_of(entry))


def _local_etag(status: os.stat_result) -> str:
    return f"{status.st_mtime_ns:x}-{status.st_size:x}"


def _walk(folder: str, below: str, above: frozenset[tuple[int, int]]) -> Iterator[InputFile | Unreadable]:
    """Files of a local folder without ever holding more than one folder's names per level.

    Sorting a folder's names with a slash behind those of folders gives the byte order of whole paths. `above` holds
    the folders we are in, so that a symbolic link to one of them ends there.
    """
    here = Path(folder).stat()
    inside = above | {(here.st_dev, here.st_ino)}
    with os.scandir(folder) as entries:
        names = [f"{entry.name}/" if _is_folder(entry) else entry.name for entry in entries]
    names.sort(key=os.fsencode)
    for name in names:
        try:
            status = os.stat(f"{folder}/{name}")  # noqa: PTH116 - a Path for each of a million files takes seconds
        except OSError as error:
            yield Unreadable(below + name, f"cannot be read: {error.strerror}")
            continue
        if name.endswith("/"):
            if (status.st_dev, status.st_ino) not in inside:
                yield from _walk(f"{folder}/{name[:-1]}", below + name, inside)
        elif stat.S_ISREG(status.st_mode):
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
    elif _is_remote_folder(place):
        return place, None
    elif _is_remote_file(place):
        parent, _, name = place.url.rpartition("/")
        return Folder(parent), name
    raise InputError(f"input {called(place.url)} is not there; give the path of a folder of files, or of one file")


def _is_remote_folder(place: Folder) -> bool:
    with explained(place.url):
        return bool(place.fs.isdir(place.path))


def _is_remote_file(place: Folder) -> bool:
    """Fsspec's own isfile() says no also where the store denies to tell."""
    try:
        with explained(place.url):
            return bool(place.fs.info(place.path)["type"] == "file")
    except FileNotFoundError:
        return False
