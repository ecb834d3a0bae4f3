"""The one doorway to files: a folder on any store that fsspec knows, where things appear whole or not at all."""

import os
import shutil
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, TypeVar, cast

import fsspec
from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from scoring.access import options_for
from scoring.refusals import explained, is_taken

T = TypeVar("T")
AT_ONCE = 8  # requests to a store
LARGE = 16 << 20  # bytes; of a larger file a store's client may hold some hundred megabytes in memory
_large_files = threading.BoundedSemaphore(2)


def as_url(text: str | Path) -> str:
    """A URL as it is, a local path absolute; never with a slash at its end."""
    said = str(text)
    if "://" in said and not said.startswith(("file://", "local://")):
        return said.rstrip("/")
    path = said.partition("://")[2] if "://" in said else said
    return str(Path(path).expanduser().absolute())


class Folder:
    """A folder on a store. Names inside are relative, with forward slashes."""

    def __init__(self, url: str | Path) -> None:
        self.url = as_url(url)
        self.fs: fsspec.AbstractFileSystem
        self.is_local = "://" not in self.url
        if self.is_local:
            self.fs, self.path = LocalFileSystem(), self.url  # a path may hold "::", which fsspec would take apart
        else:
            with explained(self.url, answers=()):
                self.fs, self.path = url_to_fs(self.url, **options_for(self.url))

    def __repr__(self) -> str:
        return f"Folder({self.url!r})"

    def at(self, name: str) -> str:
        """Path of something inside, as its file system spells it."""
        return f"{self.path.rstrip('/')}/{name}" if name else self.path

    def url_of(self, name: str) -> str:
        """URL of something inside; for a local folder its absolute path."""
        return f"{self.url}/{name}"

    def folder(self, name: str) -> "Folder":
        """A folder inside."""
        return Folder(self.url_of(name))

    def exists(self, name: str = "") -> bool:
        """Whether something is there; never believes a listing read earlier."""
        if self.is_local:
            return os.path.lexists(self.at(name))
        self.fs.invalidate_cache()
        with explained(self.url_of(name)):
            return bool(self.fs.exists(self.at(name)))

    def names(self) -> list[str]:
        """Names of the files in the folder itself, sorted; none where the folder is not there."""
        if self.is_local:
            try:
                with os.scandir(self.path) as entries:
                    return sorted(entry.name for entry in entries if entry.is_file() and not _is_unfinished(entry.name))
            except FileNotFoundError:
                return []
        self.fs.invalidate_cache()
        try:
            with explained(self.url, "listed"):
                found = self.fs.ls(self.path, detail=True)
        except FileNotFoundError:
            return []
        self.fs.invalidate_cache()  # it keeps what it listed, and would not see what is put there next
        files = (one["name"].rstrip("/") for one in found if one["type"] == "file")
        return sorted(Path(file).name for file in files if file != self.path)  # some stores list an empty folder itself

    def open(self, name: str) -> BinaryIO:
        """A file inside, for reading bytes."""
        if self.is_local:
            return Path(self.at(name)).open("rb")
        with explained(self.url_of(name)):
            return cast("BinaryIO", self.fs.open(self.at(name), "rb"))

    def read(self, name: str, start: int | None = None, end: int | None = None) -> bytes:
        """The bytes of a file inside, or those from `start` up to `end`."""
        if self.is_local:
            with Path(self.at(name)).open("rb") as file:
                file.seek(start or 0)
                return file.read() if end is None else file.read(end - (start or 0))
        with explained(self.url_of(name)):
            return cast("bytes", self.fs.cat_file(self.at(name), start=start, end=end))

    def write(self, name: str, data: bytes) -> None:
        """Put bytes at a name, whole: a temporary name and a rename, or one put."""
        if not self.is_local:
            with explained(self.url_of(name), "written", answers=()):
                self.fs.pipe_file(self.at(name), data)
            return
        path = Path(self.at(name))
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = _unfinished(path)
        try:
            unfinished.write_bytes(data)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)

    def create(self, name: str, data: bytes) -> None:
        """Put bytes at a name that must be free, as `add` puts a file; they differ from what others would put there.

        Raises: FileExistsError when the name is taken.
        """
        if self.is_local:
            path = Path(self.at(name))
            path.parent.mkdir(parents=True, exist_ok=True)
            unfinished = _unfinished(path)
            try:
                unfinished.write_bytes(data)
                link_or_copy(unfinished, path)
            finally:
                unfinished.unlink(missing_ok=True)
            return
        with explained(self.url_of(name), "written", answers=(FileExistsError,)):
            try:
                self.fs.pipe_file(self.at(name), data, mode="create")
            except OSError as error:
                if not is_taken(error):
                    raise
                if self.read(name) != data:  # a put whose answer was lost is asked for again, and then finds itself
                    raise FileExistsError(self.url_of(name)) from error

    def remove(self, name: str) -> None:
        """Remove a file inside, if it is there."""
        with suppress(FileNotFoundError), explained(self.url_of(name), "removed"):
            self.fs.rm_file(self.at(name))

    def remove_all(self) -> int:
        """Remove the folder with all that is in it, if it is there; the bytes that its files had."""
        if self.is_local:
            path = Path(self.path)
            freed = sum(each.lstat().st_size for each in path.rglob("*") if each.is_symlink() or not each.is_dir())
            with suppress(FileNotFoundError):
                shutil.rmtree(path)
            return freed
        self.fs.invalidate_cache()
        try:
            freed = int(self.fs.du(self.path))
            self.fs.rm(self.path, recursive=True)
        except FileNotFoundError:
            return 0
        return freed

    def put(self, local: Path, name: str) -> None:
        """Put a local file at a name, whole; the local file may be moved away."""
        if not self.is_local:
            with _in_turn(local), explained(self.url_of(name), "written", answers=()):
                self.fs.put_file(str(local), self.at(name))
            return
        path = Path(self.at(name))
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = _unfinished(path)
        try:
            shutil.move(local, unfinished)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)

    def fetch(self, name: str, local: Path) -> None:
        """Copy a file inside to a local one."""
        with explained(self.url_of(name), "fetched"):
            self.fs.get_file(self.at(name), str(local))

    def add(self, local: Path, name: str) -> None:
        """Put a local file at a name that must be free, whole; on stores that can, nobody else can take it meanwhile.

        Raises: FileExistsError when the name is taken.
        """
        if self.is_local:
            path = Path(self.at(name))
            path.parent.mkdir(parents=True, exist_ok=True)
            link_or_copy(local, path)
            return
        with _in_turn(local), explained(self.url_of(name), "written", answers=(FileExistsError,)):
            try:
                self.fs.put_file(str(local), self.at(name), mode="create")
            except OSError as error:
                if not is_taken(error):
                    raise
                raise FileExistsError(self.url_of(name)) from error


@contextmanager
def _in_turn(local: Path) -> Iterator[None]:
    """Put few large files at a time: what is read of them and not yet sent is in memory."""
    if local.stat().st_size < LARGE:
        yield
    else:
        with _large_files:
            yield


def at_once(do: Callable[[T], None], things: Iterable[T], most: int = AT_ONCE) -> None:
    """Do something with each of several things, some at a time; once it fails with one, none is begun any more.

    Raises: what it raised for the first of those that failed.
    """
    if most == 1:
        for thing in things:
            do(thing)
        return
    with ThreadPoolExecutor(most) as threads:
        try:
            for _ in threads.map(do, things):
                continue
        except BaseException:
            threads.shutdown(cancel_futures=True)
            raise


def link_or_copy(source: Path, target: Path) -> None:
    """Make a file appear, whole, under a name that must be free.

    Raises: FileExistsError when the name is taken.
    """
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:  # another file system, or one without links
        unfinished = target.with_name(f".{uuid.uuid4().hex}.unfinished")  # a name may be as long as names can be
        shutil.copyfile(source, unfinished)
        if os.path.lexists(target):
            unfinished.unlink()
            raise FileExistsError(str(target)) from None
        unfinished.replace(target)


def _unfinished(path: Path) -> Path:
    return path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.unfinished")


def _is_unfinished(name: str) -> bool:
    return name.startswith(".") and name.endswith(".unfinished")
