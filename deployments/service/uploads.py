"""Copies of what users hand over: whole or not at all, with a digest of what is in them."""

import contextlib
import hashlib
import os
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from blocks.specs import Datastore
from deployments.service.errors import UnusableError
from scoring.storage import as_url

NOT_CODE = frozenset({"__pycache__", ".git"})
PIECE = 1 << 20


@dataclass(frozen=True)
class Content:
    """Files to copy.

    Attributes:
        files: where each is to lie, relative and with forward slashes, and where it is now; sorted.
        digest: SHA-256 of names and bytes, the same whatever order a file system lists them in.
    """

    files: tuple[tuple[str, Path], ...]
    digest: str


def model_content(source: Path) -> Content:
    """A model's file or folder, to be copied with its own name. Raises: UnusableError."""
    if not source.exists():
        raise UnusableError(f"model path {source} does not exist; give the file or folder with the model")
    files = [(source.name, source)] if source.is_file() else list(_files_below(source, source.name, frozenset()))
    return _content(source, files)


def code_content(source: Path) -> Content:
    """What is in a code folder, without what Python and git keep there. Raises: UnusableError."""
    if not source.is_dir():
        raise UnusableError(
            f"code_configuration.code {source} is not a folder; give the folder that holds the scoring script"
        )
    return _content(source, list(_files_below(source, "", NOT_CODE)))


def put(content: Content, target: Path) -> bool:
    """Copy files to `target`, which appears whole or not at all.

    Returns: whether it was put there now; False when it was there already.
    Raises: UnusableError when a file cannot be copied, or changes meanwhile.
    """
    if target.exists():
        return False
    partial = target.parent / f".{target.name}.{uuid.uuid4().hex[:8]}.partial"
    try:
        digest = _digest([(name, _copy(file, partial / name)) for name, file in content.files])
        if digest != content.digest:
            raise UnusableError(f"files changed while they were copied to {target}; try again when they are at rest")
        partial.rename(target)
    except OSError as error:
        if target.exists():
            return False  # somebody put the same thing there first
        raise UnusableError(f"{error.filename or 'a file'} cannot be copied to {target}: {error.strerror}") from error
    finally:
        _clear(partial)
    return True


def remove(folder: Path) -> None:
    """Delete a folder, which is gone from its place at once."""
    if folder.exists():
        partial = folder.parent / f".{folder.name}.{uuid.uuid4().hex[:8]}.partial"
        folder.rename(partial)
        _clear(partial)


def local_root(datastore: Datastore) -> Path:
    """The folder of a local datastore. Raises: UnusableError when its root is elsewhere."""
    root = as_url(datastore.root)
    if "://" in root:
        raise UnusableError(f"datastore {datastore.name!r} has root {root}; a local datastore's root is a folder")
    return Path(root)


def _clear(partial: Path) -> None:
    shutil.rmtree(partial, ignore_errors=True)
    with contextlib.suppress(OSError):
        partial.parent.rmdir()  # only where nothing else is in it


def _content(source: Path, files: list[tuple[str, Path]]) -> Content:
    if not files:
        raise UnusableError(f"{source} holds no files")
    files.sort()
    return Content(tuple(files), _digest([(name, _hash(file)) for name, file in files]))


def _files_below(
    folder: Path, name: str, skipped: frozenset[str], above: tuple[Path, ...] = ()
) -> Iterator[tuple[str, Path]]:
    """Every file below a folder, links followed; `name` is what the folder is to be called."""
    real = folder.resolve()
    if real in above:
        raise UnusableError(f"{folder} is a link to a folder that holds it; remove the link")
    for entry in sorted(folder.iterdir()):
        if entry.name in skipped:
            continue
        called = f"{name}/{entry.name}" if name else entry.name
        if entry.is_dir():
            yield from _files_below(entry, called, skipped, (*above, real))
        elif entry.is_file():
            yield called, entry
        else:
            kind = "a link that leads nowhere" if entry.is_symlink() else "neither a file nor a folder"
            raise UnusableError(f"{entry} is {kind}; remove it")


def _digest(files: list[tuple[str, str]]) -> str:
    summed = hashlib.sha256()
    for name, digest in sorted(files):
        summed.update(os.fsencode(name) + b"\0" + digest.encode() + b"\n")
    return summed.hexdigest()


def _hash(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise UnusableError(f"{file} cannot be read: {error.strerror}") from error


def _copy(file: Path, target: Path) -> str:
    target.parent.mkdir(parents=True, exist_ok=True)
    summed = hashlib.sha256()
    with file.open("rb") as source, target.open("xb") as copy:
        while piece := source.read(PIECE):
            summed.update(piece)
            copy.write(piece)
    shutil.copymode(file, target)
    return summed.hexdigest()
