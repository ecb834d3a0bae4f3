"""A job's mini-batches as they become due in this process, with their files at hand: fetched before, when remote."""

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator
from itertools import islice
from typing import Protocol

from scoring.fetch import FetchedBatch, Fetcher, Unfetched
from scoring.input_file import InputFile
from scoring.job import Job
from scoring.parts import Done
from scoring.planning import Chunk
from scoring.storage import Folder

FILES_AHEAD = 64  # of mini-batches beyond the next one: enough to fetch at once, and little to fetch in vain
CHUNKS_PASSED = 2  # after which nobody here will ask for a mini-batch that came before them

Files = list[InputFile]


class DueBatch(Protocol):
    """A mini-batch whose turn it is; its attributes and methods are those of FetchedBatch."""

    index: int
    files: list[InputFile]
    unfetched: Unfetched
    waited: float

    @property
    def relative_paths(self) -> list[str]:
        """Paths of its files below the input."""
        ...

    def paths(self, meanwhile: Callable[[], None]) -> list[str]:
        """Local absolute paths of its files."""
        ...


class LocalBatch:
    """A mini-batch whose files lie on this machine."""

    waited = 0.0

    def __init__(self, root: Folder, index: int, files: list[InputFile]) -> None:
        self.root, self.index, self.files = root, index, files
        self.unfetched: Unfetched = {}

    @property
    def relative_paths(self) -> list[str]:
        """Paths of its files below the input."""
        return [file.path for file in self.files]

    def paths(self, meanwhile: Callable[[], None]) -> list[str]:  # noqa: ARG002 - they are there
        """Local absolute paths of the files."""
        return [self.root.at(file.path) for file in self.files]


class Supplies:
    """What the slots of a job in one process share: a fetcher, and what was fetched for whoever is free next.

    Slots are given chunks in order. One that comes to the end of its chunk therefore fetches what follows the last
    chunk begun here, and whichever slot begins with that finds it there.
    """

    def __init__(self, job: Job) -> None:
        """Begin with nothing fetched; files below an input's root that is local stay where they are."""
        self._job = job
        self.root = Folder(job.listing.root)
        self.limit = job.manifest.settings.prefetch_limit
        self.fetcher = None if self.root.is_local else Fetcher(self.root)
        self._lock = threading.Lock()
        self._reached = -1  # the last mini-batch that a slot here has begun or fetched for
        self._upcoming: tuple[int, Files] | None = None  # what follows, once it was looked up
        self._spare: dict[int, FetchedBatch] = {}
        self._passed: dict[int, int] = {}

    def of(self, chunk: Chunk, done: Done) -> Generator[DueBatch]:
        """The mini-batches of a chunk that are not done, each when it is due.

        Its files are there until the next one is asked for, or the iterator is closed.
        """
        own = self._job.read_mini_batches(index for index in range(chunk.first, chunk.last + 1) if index not in done)
        if self.fetcher is None:
            return (LocalBatch(self.root, index, files) for index, files in own)
        with self._lock:
            self._reached = max(self._reached, chunk.last)
        self._drop_passed(chunk)
        return _FetchingAhead(self, self.fetcher, own, done).due()

    def fetch_following(self, fetcher: Fetcher, done: Done, has_room: Callable[[Files], bool]) -> FetchedBatch | None:
        """Begin to fetch the mini-batch after all that were begun here, if there is one and room for it."""
        with self._lock:
            following = self._find_following(done)
            if following is None or not has_room(following[1]):
                return None
            index, files = following
            self._reached = index
            self._spare[index] = fetcher.begin(index, files)
            return self._spare[index]

    def _find_following(self, done: Done) -> tuple[int, Files] | None:
        if self._upcoming is None or self._upcoming[0] <= self._reached:
            indexes = (index for index in range(self._reached + 1, self._job.mini_batches) if index not in done)
            self._upcoming = next(self._job.read_mini_batches(islice(indexes, 1)), None)
        return self._upcoming

    def _drop_passed(self, chunk: Chunk) -> None:
        """Drop what was fetched in vain, because a slot of another process was given that chunk."""
        with self._lock:
            for index in [index for index in self._spare if index < chunk.first]:
                self._passed[index] = self._passed.get(index, 0) + 1
            vain = [self._spare.pop(index) for index in [*self._spare] if self._passed.get(index, 0) >= CHUNKS_PASSED]
        for batch in vain:
            batch.drop()

    def take(self, index: int) -> FetchedBatch | None:
        """A mini-batch that was left, if it was."""
        with self._lock:
            return self._spare.pop(index, None)

    def has(self, batch: FetchedBatch) -> bool:
        """Whether nobody has taken it."""
        return batch.index in self._spare

    def close(self) -> None:
        """End all fetching now, and remove what was fetched; whoever waits for files is told. From any thread."""
        if self.fetcher is not None:
            self.fetcher.close()


class _FetchingAhead:
    """What one slot has fetched: its chunk's next mini-batches, and at the end of the chunk some that follow it."""

    def __init__(self, supplies: Supplies, fetcher: Fetcher, wanted: Iterator[tuple[int, Files]], done: Done) -> None:
        self._supplies, self._fetcher, self._wanted, self._done = supplies, fetcher, wanted, done
        self._next = next(wanted, None)
        self._own: deque[FetchedBatch] = deque()
        self._left: list[FetchedBatch] = []

    def due(self) -> Generator[FetchedBatch]:
        try:
            while self._own or self._next is not None:
                self._fetch_ahead()
                yield self._own[0]
                self._own.popleft().drop()
        finally:
            for batch in self._own:
                batch.drop()

    def _fetch_ahead(self) -> None:
        """Begin what is due, however large it is, and of what comes next as much as there is room for."""
        while self._next is not None and (not self._own or self._has_room(self._next[1])):
            index, files = self._next
            self._own.append(self._supplies.take(index) or self._fetcher.begin(index, files))
            self._next = next(self._wanted, None)
        while self._next is None and (
            batch := self._supplies.fetch_following(self._fetcher, self._done, self._has_room)
        ):
            self._left.append(batch)

    def _has_room(self, files: Files) -> bool:
        self._left = [batch for batch in self._left if self._supplies.has(batch)]
        begun = [*self._own, *self._left]
        size = sum(batch.size for batch in begun) + sum(file.size for file in files)
        ahead = sum(len(batch.files) for batch in begun[1:])
        return max(size, 1) <= self._supplies.limit and (not ahead or ahead + len(files) <= FILES_AHEAD)
