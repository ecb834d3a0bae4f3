"""Copying the files of mini-batches from a store to this machine, several at a time, while something else goes on."""

import asyncio
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, wait
from pathlib import Path
from typing import Any

from fsspec.asyn import get_loop

from scoring.channel import WAIT
from scoring.errors import JobStoppedError, TryFailedError
from scoring.facts import Fault
from scoring.input_file import InputFile
from scoring.storage import Folder

FETCHED_AT_ONCE = 32  # files of a job in this process: a store that answers in 20 ms then gives 1,600 a second
UNSAFE = {"", ".", ".."}


class FetchedBatch:
    """A mini-batch whose files are being fetched, or have been."""

    def __init__(self, index: int, files: list[InputFile], folder: Path, fetch: "Future[Fault | None]") -> None:
        self.index, self.files, self.folder, self.fetch = index, files, folder, fetch
        self.size = sum(file.size for file in files)
        self.waited = 0.0  # seconds that whoever scores it has waited for its files

    def paths(self, meanwhile: Callable[[], None]) -> list[str]:
        """Local absolute paths of the files, which keep their relative paths below a folder of their own.

        Args:
            meanwhile: is called at least every second while they are waited for.
        Raises: TryFailedError when a file cannot be fetched; JobStoppedError when fetching was ended.
        """
        began = time.monotonic()
        while not wait([self.fetch], WAIT).done:
            meanwhile()
        self.waited += time.monotonic() - began
        try:
            fault = self.fetch.result()
        except CancelledError:
            raise JobStoppedError("the job is ending; this mini-batch was not scored") from None
        if fault is not None:
            raise TryFailedError(self.index, fault)
        return [str(_target(self.folder, at, file)) for at, file in enumerate(self.files)]

    def drop(self) -> None:
        """Remove its files; nobody needs them any more."""
        self.fetch.cancel()
        shutil.rmtree(self.folder, ignore_errors=True)


class Fetcher:
    """Copies files from a store into a folder of its own: in fsspec's event loop, or in threads where it has none."""

    def __init__(self, root: Folder) -> None:
        """Begin with nothing; `root` is the input's."""
        self._root = root
        self._folder = Path(tempfile.mkdtemp(prefix="batchpoint-input-"))
        self._loop = root.fs.loop if root.fs.async_impl else get_loop()
        self._places = asyncio.Semaphore(FETCHED_AT_ONCE)
        self._lock = threading.Lock()
        self._fetches: set[Future[Fault | None]] = set()
        self._is_closed = False

    def begin(self, index: int, files: list[InputFile]) -> FetchedBatch:
        """Start fetching a mini-batch's files and return at once."""
        folder = self._folder / str(index)
        with self._lock:
            if self._is_closed:
                raise JobStoppedError("the job is ending; this mini-batch was not scored")
            fetch = asyncio.run_coroutine_threadsafe(self._fetch_all(files, folder), self._loop)
            self._fetches.add(fetch)
        fetch.add_done_callback(self._fetches.discard)
        return FetchedBatch(index, files, folder, fetch)

    async def _fetch_all(self, files: list[InputFile], folder: Path) -> Fault | None:
        """Fetch files; why the first one of those that cannot be fetched cannot, if there is one."""
        fetches = [self._fetch(file, _target(folder, at, file)) for at, file in enumerate(files)]
        try:
            outcomes = await asyncio.gather(*fetches, return_exceptions=True)
        except asyncio.CancelledError:
            shutil.rmtree(folder, ignore_errors=True)
            self._discard_if_closed()
            raise
        for file, outcome in zip(files, outcomes, strict=True):
            if isinstance(outcome, BaseException):
                message = f"{self._root.url_of(file.path)} cannot be fetched: {outcome}"
                return Fault(error=type(outcome).__name__, message=message)
        return None

    async def _fetch(self, file: InputFile, target: Path) -> None:
        if not UNSAFE.isdisjoint(file.path.split("/")):
            raise ValueError("a part of its path is empty, . or .., which no file on this machine can have; rename it")
        async with self._places:
            target.parent.mkdir(parents=True)
            fs, path = self._root.fs, self._root.at(file.path)
            if fs.async_impl:
                await fs._get_file(path, str(target))
            else:
                await _in_thread(self._copy, path, str(target))

    def _copy(self, path: str, target: str) -> None:
        try:
            self._root.fs.get_file(path, target)
        finally:
            self._discard_if_closed()  # nobody waited for this thread, and it may have made the folder anew

    def close(self) -> None:
        """End all fetching now, and remove what was fetched; whoever waits for files is told. From any thread."""
        with self._lock:
            self._is_closed = True
            fetches = list(self._fetches)
        for fetch in fetches:
            fetch.cancel()
        self._discard_if_closed()

    def _discard_if_closed(self) -> None:
        if self._is_closed:
            shutil.rmtree(self._folder, ignore_errors=True)


def _target(folder: Path, at: int, file: InputFile) -> Path:
    """Where a file is put; numbered folders keep apart what a store can name and a disk cannot: `a` beside `a/b`."""
    return folder / str(at) / file.path


async def _in_thread(function: Callable[..., None], *arguments: Any) -> None:
    """Run a function in a daemon thread: a store that never answers must not keep this process from ending."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def settle(error: Exception | None) -> None:
        if done.cancelled():
            return
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)

    def work() -> None:
        error = None
        try:
            function(*arguments)
        except Exception as raised:  # noqa: BLE001 - whatever it is, it is told to who waits
            error = raised
        loop.call_soon_threadsafe(settle, error)

    threading.Thread(target=work, name="fetch", daemon=True).start()
    await done
