"""Copies of what users hand over: whole or not at all, with a digest of what is in them."""

import contextlib
import hashlib
import json
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from blocks.specs import Datastore
from deployments.service.errors import UnusableError
from deployments.service.ignoring import ignored, nothing
from flows.contents import combined, digests_file, hash_file
from scoring.storage import as_url

NOT_CODE = ("__pycache__/", ".git/")
PIECE = 1 << 20


@dataclass(frozen=True)
class Content:
    """Files to copy.

    Attributes:
        files: where each is to lie, relative and with forward slashes, and where it is now; sorted.
        digests: SHA-256 of each, by where it is to lie.
    """

    files: tuple[tuple[str, Path], ...]
    digests: Mapping[str, str]

    @property
    def digest(self) -> str:
        """SHA-256 of names and bytes together."""
        return combined(self.digests)


def named_content(source: Path, what: str) -> Content:
    """A file or folder, to be copied with its own name; a folder without what its ignore file names.

    Args:
        source: the file or folder.
        what: what to call it in errors, such as `model path`.
    Raises: UnusableError.
    """
    if not source.exists():
        raise UnusableError(f"{what} {source} does not exist; give the path of a file or folder")
    if source.is_file():
        return _content(source, [(source.name, source)])
    return _content(source, list(_files_below(source, source.name, ignored(source))))


def code_content(source: Path) -> Content:
    """What is in a code folder, without what Python and git keep there and what its ignore file names.

    Raises: UnusableError.
    """
    if not source.is_dir():
        raise UnusableError(
            f"code_configuration.code {source} is not a folder; give the folder that holds the scoring script"
        )
    is_ignored = ignored(source)
    return _content(source, list(_files_below(source, "", lambda path: path.endswith(NOT_CODE) or is_ignored(path))))


def copied_content(copy: Path) -> Content:
    """What is in a registered copy, all of it. Raises: UnusableError."""
    return _content(copy, list(_files_below(copy, "", nothing)))


def put(content: Content, target: Path) -> bool:
    """Copy files to `target`, which appears whole or not at all.

    Returns: whether it was put there now; False when it was there already.
    Raises: UnusableError when a file cannot be copied, or changes meanwhile.
    """
    if target.exists():
        return False
    partial = target.parent / f".{target.name}.{uuid.uuid4().hex[:8]}.partial"
    try:
        digests = {name: _copy(file, partial / name) for name, file in content.files}
        if digests != content.digests:
            raise UnusableError(f"files changed while they were copied to {target}; try again when they are at rest")
        partial.rename(target)
    except OSError as error:
        if target.exists():
            return False  # somebody put the same thing there first
        raise UnusableError(f"{error.filename or 'a file'} cannot be copied to {target}: {error.strerror}") from error
    finally:
        _clear(partial)
    return True


def write_digests(content: Content, copy: Path) -> None:
    """Keep the digests of a copy's files beside it."""
    digests_file(copy).write_text(json.dumps(content.digests, indent=1))


def remove(folder: Path) -> None:
    """Delete a copy, which is gone from its place at once, and what lies beside it: digests, and halves of copies."""
    digests_file(folder).unlink(missing_ok=True)
    for half in folder.parent.glob(f".{folder.name}.*.partial"):
        _clear(half)
    if folder.exists():
        partial = folder.parent / f".{folder.name}.{uuid.uuid4().hex[:8]}.partial"
        folder.rename(partial)
        _clear(partial)


def local_root(datastore: Datastore) -> Path:
    """The folder of a local datastore. Raises: UnusableError when its root is elsewhere."""
    root = as_url(datastore.root)
    if "://" in root:
        raise UnusableError(
            f"datastore {datastore.name!r} has root {root}; a local datastore's root is a folder; give the store's type"
        )
    return Path(root)


def _clear(partial: Path) -> None:
    shutil.rmtree(partial, ignore_errors=True)
    with contextlib.suppress(OSError):
        partial.parent.rmdir()  # only where nothing else is in it


def _content(source: Path, files: list[tuple[str, Path]]) -> Content:
    if not files:
        raise UnusableError(f"{source} holds no files to copy")
    files.sort()
    return Content(tuple(files), {name: _hash(file) for name, file in files})


def _files_below(
    folder: Path, name: str, is_left: Callable[[str], bool], inside: str = "", above: tuple[Path, ...] = ()
) -> Iterator[tuple[str, Path]]:
    """Every file below a folder, links followed.

    Args:
        folder: where to look.
        name: what the folder is to be called; empty when its files are to lie at the top.
        is_left: whether a path relative to the first folder stays behind; that of a folder ends with a slash.
        inside: the folder relative to the first one.
        above: the folders on the way here.
    """
    real = folder.resolve()
    if real in above:
        raise UnusableError(f"{folder} is a link to a folder that holds it; remove the link")
    for entry in sorted(folder.iterdir()):
        path, called = f"{inside}{entry.name}", f"{name}/{entry.name}" if name else entry.name
        is_folder = entry.is_dir()
        if is_left(f"{path}/" if is_folder else path):
            continue
        if is_folder:
            yield from _files_below(entry, called, is_left, f"{path}/", (*above, real))
        elif entry.is_file():
            yield called, entry
        else:
            kind = "a link that leads nowhere" if entry.is_symlink() else "neither a file nor a folder"
            raise UnusableError(f"{entry} is {kind}; remove it")


def _hash(file: Path) -> str:
    try:
        return hash_file(file)
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
