"""Where the files of mini-batches are fetched to: into memory while there is room, or else to the disk."""

import os
import shutil
import threading
from pathlib import Path

from scoring.held_folder import HeldFolder
from scoring.input_file import InputFile

MEMORY = "/dev/shm"  # noqa: S108 - a disk of Linux's in memory: making a file there takes a third of the time
MEMORY_LIMIT = 64 << 20  # bytes, of a job in this process
PAGE = 4096  # bytes, which a file there is rounded up to


class FetchPlaces:
    """Folders, one for each mini-batch that is being fetched or has been. From any thread."""

    def __init__(self) -> None:
        self._disk = HeldFolder("input")
        self._memory = HeldFolder("input", MEMORY) if os.access(MEMORY, os.W_OK) else None
        self._taken: dict[Path, int] = {}
        self._lock = threading.Lock()

    def take(self, index: int, files: list[InputFile]) -> Path:
        """A folder for the files of a mini-batch, which does not exist yet."""
        if self._memory is None:
            return self._disk.path / str(index)
        size = sum(file.size + PAGE for file in files)
        with self._lock:
            room = min(MEMORY_LIMIT - sum(self._taken.values()), shutil.disk_usage(MEMORY).free // 4)
            if size > room:
                return self._disk.path / str(index)
            folder = self._memory.path / str(index)
            self._taken[folder] = size
        return folder

    def give_back(self, folder: Path) -> None:
        """Remove a mini-batch's folder, and again what was put into it since the last time."""
        shutil.rmtree(folder, ignore_errors=True)
        with self._lock:
            self._taken.pop(folder, None)

    def remove(self) -> None:
        """Remove all of them."""
        for folder in (self._disk, self._memory):
            if folder is not None:
                folder.remove()
