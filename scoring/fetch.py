"""Input files as a script sees them: where they lie, or fetched to this machine for the time of one try."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scoring.errors import TryFailedError
from scoring.facts import Fault
from scoring.listing import InputFile
from scoring.storage import Folder


@contextmanager
def at_hand(root: Folder, mini_batch: int, files: list[InputFile], scratch: Path) -> Iterator[list[str]]:
    """Local absolute paths of a mini-batch's files.

    Args:
        root: the input's root; files below one that is not local are copied, with their relative paths, and removed.
        mini_batch: its index.
        files: which files.
        scratch: a folder for the copies.
    Raises: TryFailedError when a file cannot be fetched.
    """
    if root.is_local:
        yield [root.at(file.path) for file in files]
        return
    folder = scratch / f"input-{mini_batch}"
    try:
        yield [_fetch(root, mini_batch, file, folder) for file in files]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _fetch(root: Folder, mini_batch: int, file: InputFile, folder: Path) -> str:
    target = folder / file.path
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        root.fs.get_file(root.at(file.path), str(target))
    except OSError as error:
        message = f"{root.url_of(file.path)} cannot be fetched: {error}"
        raise TryFailedError(mini_batch, Fault(error=type(error).__name__, message=message)) from error
    return str(target)
