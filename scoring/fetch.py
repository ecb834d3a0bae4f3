"""Fetching the files of mini-batches to this machine, several at a time, while something else goes on."""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, wait
from dataclasses import dataclass, field
from pathlib import Path

from fsspec.asyn import get_loop

from scoring.access import called
from scoring.channel import WAIT
from scoring.copying import copier_of
from scoring.errors import JobStoppedError
from scoring.facts import Fault
from scoring.fetch_places import FetchPlaces
from scoring.input_file import InputFile
from scoring.refusals import reason_of
from scoring.storage import Folder

FETCHED_AT_ONCE = 32  # files of a job in this process: a store that answers in 20 ms then gives 1,600 a second
NO_FILE_NAMES = {"", ".", ".."}

Unfetched = dict[int, Fault]  # by position in the mini-batch


@dataclass
class FetchedBatch:
    """A mini-batch whose files are being fetched, or have been."""

    index: int
    files: list[InputFile]
    folder: Path
    targets: list[str]
    fetch: "Future[Unfetched]"
    places: FetchPlaces
    unfetched: Unfetched = field(default_factory=dict)
    waited: float = 0.0  # seconds that whoever scores it has waited for its files

    @property
    def size(self) -> int:
        """Bytes that its files take up."""
        return sum(file.size for file in self.files)

    @property
    def relative_paths(self) -> list[str]:
        """Paths of its files below the input."""
        return [file.path for file in self.files]

    def paths(self, meanwhile: Callable[[], None]) -> list[str]:
        """Local absolute paths of the files, which keep their relative paths below a folder of their own.

        Those that could not be fetched are in `unfetched` after this, each with the reason.

        Args:
            meanwhile: is called at least every second while they are waited for.
        Raises: JobStoppedError when fetching was ended.
        """
        began = time.monotonic()
        while not wait([self.fetch], WAIT).done:
            meanwhile()
        self.waited += time.monotonic() - began
        try:
            self.unfetched = self.fetch.result()
        except CancelledError:
            raise JobStoppedError from None
        return self.targets

    def drop(self) -> None:
        """Remove its files; nobody needs them any more."""
        self.fetch.cancel()
        self.places.give_back(self.folder)


class Fetcher:
    """Fetches files below an input's root into folders of its own."""

    def __init__(self, root: Folder) -> None:
        """Begin with nothing fetched; `root` is the input's."""
        self._root = root
        self._folders = FetchPlaces()
        self._loop = root.fs.loop if root.fs.async_impl else get_loop()
        self._copier = copier_of(root.fs, self._discard_if_closed)
        self._places = asyncio.Semaphore(FETCHED_AT_ONCE)
        self._lock = threading.Lock()
        self._fetches: set[Future[Unfetched]] = set()
        self._is_closed = False

    def begin(self, index: int, files: list[InputFile]) -> FetchedBatch:
        """Start to fetch a mini-batch's files and return at once. Raises: JobStoppedError after close()."""
        with self._lock:
            if self._is_closed:
                raise JobStoppedError
            folder = self._folders.take(index, files)
            targets = _targets(str(folder), files)
            for parent in {target.rpartition("/")[0] for target in targets if _is_possible(target)}:
                Path(parent).mkdir(parents=True, exist_ok=True)
            fetch = asyncio.run_coroutine_threadsafe(self._fetch_all(files, targets, folder), self._loop)
            self._fetches.add(fetch)
        fetch.add_done_callback(self._fetches.discard)
        return FetchedBatch(index, files, folder, targets, fetch, self._folders)

    async def _fetch_all(self, files: list[InputFile], targets: list[str], folder: Path) -> Unfetched:
        try:
            outcomes = await asyncio.gather(*map(self._fetch, files, targets), return_exceptions=True)
        except asyncio.CancelledError:
            self._folders.give_back(folder)
            self._discard_if_closed()
            raise
        return {
            position: self._fault(file, outcome)
            for position, (file, outcome) in enumerate(zip(files, outcomes, strict=True))
            if isinstance(outcome, BaseException)
        }

    def _fault(self, file: InputFile, error: BaseException) -> Fault:
        message = f"{called(self._root.url_of(file.path))} cannot be fetched: {reason_of(error)}"
        bases = tuple(base.__name__ for base in type(error).__mro__[1:])
        return Fault(error=type(error).__name__, message=message, bases=bases)

    async def _fetch(self, file: InputFile, target: str) -> None:
        if not _is_possible(target):
            raise ValueError("a part of its path is empty, . or .., which no file on this machine can have; rename it")
        async with self._places:
            await self._copier.get(self._root.at(file.path), target, file.size)

    def close(self) -> None:
        """End all fetching now, and remove what was fetched; whoever waits for files is told. From any thread."""
        with self._lock:
            was_closed, self._is_closed = self._is_closed, True
            fetches = list(self._fetches)
        for fetch in fetches:
            fetch.cancel()
        self._discard_if_closed()
        if not was_closed:
            asyncio.run_coroutine_threadsafe(self._copier.close(), self._loop)

    def _discard_if_closed(self) -> None:
        """Also by whoever was at it when it was closed, and may have made a folder anew."""
        if self._is_closed:
            self._folders.remove()


def _targets(folder: str, files: list[InputFile]) -> list[str]:
    """Where files are put: by their relative paths, in numbered folders where a disk cannot have `a` beside `a/b`."""
    paths = {file.path for file in files}
    is_both = any(path[:at] in paths for path in paths for at, letter in enumerate(path) if letter == "/")
    return [f"{folder}/{at}/{file.path}" if is_both else f"{folder}/{file.path}" for at, file in enumerate(files)]


def _is_possible(path: str) -> bool:
    return NO_FILE_NAMES.isdisjoint(path.split("/")[1:])
