"""Who builds an environment, and who uses it: a lock file each, shared by users and taken alone by a builder."""

import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

LOOK = 0.1  # seconds between looks at a lock that another process has


class Lock:
    """A lock of the operating system's on a file, which ends with the last process that has it open.

    filelock has none that many may share, nor one that the installer takes over: when a builder is killed, its
    installer still holds the lock until it is gone too.
    """

    def __init__(self, file: Path) -> None:
        """Open the file, made if need be; nothing is locked yet."""
        file.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.fdopen(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+b", 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def descriptor(self) -> int:
        """What a process inherits that is to hold the lock as well."""
        return self._file.fileno()

    def share(self, waiting: Callable[[], None] = lambda: None) -> None:
        """Hold it together with others that share it; `waiting` is called once when that must wait."""
        self._take(fcntl.LOCK_SH, waiting)

    def take(self, waiting: Callable[[], None] = lambda: None) -> None:
        """Hold it alone."""
        self._take(fcntl.LOCK_EX, waiting)

    def try_take(self) -> bool:
        """Hold it alone, if nobody has it now."""
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        """Let go of it; once more does nothing."""
        self._file.close()

    def _take(self, how: int, waiting: Callable[[], None]) -> None:
        has_waited = False
        while True:  # never blocked in the kernel: a job that is canceled must be able to leave
            try:
                fcntl.flock(self.descriptor, how | fcntl.LOCK_NB)
            except BlockingIOError:
                if not has_waited:
                    waiting()
                has_waited = True
                time.sleep(LOOK)
            else:
                return
