"""Folders for a while: gone with the process that made them, however that ends."""

import fcntl
import os
import shutil
import tempfile
import weakref
from contextlib import suppress
from pathlib import Path

PREFIX = "batchpoint-held-"


class HeldFolder:
    """A new folder in another one, from which it first removes what processes that were killed left.

    It is locked for as long as its process lives, so one that can be locked is nobody's; where folders cannot be
    locked, what killed processes left stays. In a `with`, which gives the
    path, it is removed at the end.
    """

    def __init__(self, what: str, parent: str | None = None) -> None:
        """Make the folder.

        Args:
            what: a word for what it is for, for whoever lists the parent.
            parent: where; by default with the temporary files.
        """
        parent = parent or tempfile.gettempdir()
        _remove_left(parent)
        self.path, descriptor = _make(what, parent)
        self._unlock = weakref.finalize(self, os.close, descriptor)

    def __enter__(self) -> Path:
        return self.path

    def __exit__(self, *_: object) -> None:
        self.remove()

    def remove(self) -> None:
        """Remove the folder, and again what was put into it since the last time."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._unlock()


def _make(what: str, parent: str) -> tuple[Path, int]:
    """A folder and the descriptor that locks it. Another process may take a new one for one that was left.

    Where folders cannot be locked, as on NFS, nobody can take this one for that, and it does without.
    """
    while True:
        path = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{what}-", dir=parent))
        try:
            return path, _lock(path)
        except (BlockingIOError, FileNotFoundError):
            continue
        except OSError:
            return path, os.open(path, os.O_RDONLY)


def _lock(path: Path) -> int:
    """Raises: OSError when somebody else holds it, may not be asked, or has removed it meanwhile."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if path.stat().st_ino != os.fstat(descriptor).st_ino:
            raise FileNotFoundError(path)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _remove_left(parent: str) -> None:
    with os.scandir(parent) as entries:
        found = [Path(entry.path) for entry in entries if entry.name.startswith(PREFIX)]
    for path in found:
        with suppress(OSError):
            descriptor = _lock(path)
            shutil.rmtree(path, ignore_errors=True)
            os.close(descriptor)
