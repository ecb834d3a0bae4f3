"""Where a script writes files of its own: a folder for each scoring process, emptied before each try.

It has the same path for as long as the process lives, since scripts look AZUREML_BI_OUTPUT_PATH up when they are
imported. What init() puts there stays for that long, but belongs to no mini-batch and is not published.
"""

import os
import shutil
import tempfile
import uuid
from collections.abc import Collection
from pathlib import Path

from scoring.facts import Fault, WrittenFile, WrittenFiles
from scoring.storage import AT_ONCE, Folder, at_once


class OwnFilesError(Exception):
    """What a script left in its folder cannot be published, or not be removed; the text says what and why."""

    @property
    def fault(self) -> Fault:
        """The same as the reason why a try failed."""
        return Fault(error="wrong_file", message=str(self))


class OwnFolder:
    """The folder that one scoring process writes files of its own into. Used by the thread of its slot."""

    def __init__(self, scratch: str) -> None:
        """Make the folder, in another one."""
        self.path = Path(tempfile.mkdtemp(prefix="output-", dir=scratch))
        self._of_init: set[str] = set()

    def end_init(self) -> list[str]:
        """Have what is there now stay; the names of the files among it. Raises: OwnFilesError."""
        try:
            entries = _below(self.path)
        except OSError as error:
            raise OwnFilesError(f"what init() wrote into AZUREML_BI_OUTPUT_PATH cannot be read: {error}") from error
        self._of_init = {name for name, _ in entries}
        return sorted(name for name, entry in entries if not entry.is_dir(follow_symlinks=False))

    def empty(self) -> None:
        """Remove what a try left. Raises: OwnFilesError."""
        try:
            left = _below(self.path)
            # A folder comes before what is in it, so the other way round it is empty when its turn comes.
            for name, entry in reversed(left):
                if name not in self._of_init:
                    _remove(entry)
            if not left and not self.path.is_dir():
                self.path.mkdir()  # some scripts remove it, to make it anew
        except OSError as error:
            raise OwnFilesError(f"what the script left in AZUREML_BI_OUTPUT_PATH cannot be removed: {error}") from error

    def keep(self, mini_batch: int, kept: str) -> WrittenFiles | None:
        """Move what a call of run() wrote into a folder that no other call gets; None where it wrote nothing.

        Args:
            mini_batch: that it was called with.
            kept: URL of where the job keeps such folders.
        Raises: OwnFilesError.
        """
        files = files_in(self.path, but_for=self._of_init)
        if not files:
            return None
        folder = f"{mini_batch:09d}-{uuid.uuid4().hex[:12]}"
        target = Folder(kept).folder(folder)
        at_once(lambda file: _move(self.path / file.name, target, file.name), files, 1 if target.is_local else AT_ONCE)
        return WrittenFiles(folder=folder, files=tuple(files))

    def remove(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.path, ignore_errors=True)


def files_in(folder: Path, but_for: Collection[str] = ()) -> list[WrittenFile]:
    """The files that a script left in a folder and its folders, by name.

    Args:
        folder: where to look; empty folders in it are passed over.
        but_for: names that are passed over as well.
    Raises: OwnFilesError for what is no plain file or has no plain name.
    """
    try:
        found = [
            WrittenFile(name=name, size=_size(name, entry))
            for name, entry in _below(folder)
            if name not in but_for and not entry.is_dir(follow_symlinks=False)
        ]
    except OSError as error:
        raise OwnFilesError(f"what the script wrote into AZUREML_BI_OUTPUT_PATH cannot be read: {error}") from error
    return sorted(found, key=lambda file: file.name)


def _below(folder: Path) -> "list[tuple[str, os.DirEntry[str]]]":
    """Everything in a folder and its folders, by relative name with slashes; links are not followed.

    A folder stands before what is in it. Nothing for a folder that is not there. Raises: OSError.
    """
    found = []
    waiting = [("", str(folder))]
    while waiting:
        inside, path = waiting.pop()
        try:
            entries = list(os.scandir(path))
        except FileNotFoundError:
            if inside:
                raise
            break
        found += [(f"{inside}{entry.name}", entry) for entry in entries]
        waiting += [(f"{inside}{entry.name}/", entry.path) for entry in entries if entry.is_dir(follow_symlinks=False)]
    return found


def _size(name: str, entry: "os.DirEntry[str]") -> int:
    if not entry.is_file(follow_symlinks=False):
        kind = "a link" if entry.is_symlink() else "no plain file"
        raise OwnFilesError(f"the script left {name!r} in AZUREML_BI_OUTPUT_PATH, which is {kind}; leave files there")
    if not name.isascii() and name != os.fsencode(name).decode("utf-8", "replace"):
        raise OwnFilesError(
            f"the script left {name!r} in AZUREML_BI_OUTPUT_PATH, a name that is not UTF-8; give the file another"
        )
    return entry.stat(follow_symlinks=False).st_size


def _remove(entry: "os.DirEntry[str]") -> None:
    if entry.is_dir(follow_symlinks=False):
        Path(entry.path).rmdir()
    else:
        Path(entry.path).unlink()


def _move(source: Path, folder: Folder, name: str) -> None:
    try:
        if folder.is_local:
            target = Path(folder.at(name))
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(source, target)  # nobody looks for it yet, so it need not appear whole
        else:
            folder.put(source, name)
    except FileNotFoundError as error:
        if source.exists():
            raise
        raise OwnFilesError(
            f"{name!r} was in AZUREML_BI_OUTPUT_PATH when run() returned, and then was gone; "
            "have all files written by then"
        ) from error
