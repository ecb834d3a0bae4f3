"""What a replay is given: one file of a job, or all files of one of its mini-batches, found in the job's listing."""

import difflib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import PurePosixPath

from scoring.access import lies_in
from scoring.errors import InputError
from scoring.facts import printable
from scoring.fetch import Fetcher
from scoring.input_file import InputFile
from scoring.job import Job
from scoring.listing import position_of, read_paths
from scoring.storage import Folder, as_url

PATHS_COMPARED = 20_000
NAMES_OFFERED = 3


@dataclass(frozen=True)
class ReplayInput:
    """Some files of one mini-batch of a job."""

    mini_batch: int
    files: tuple[InputFile, ...]

    @property
    def paths(self) -> tuple[str, ...]:
        """As the listing has them, relative to the input's root."""
        return tuple(file.path for file in self.files)


def find_file(job: Job, path: str) -> ReplayInput:
    """One file, by its path in the listing, which failures.jsonl has too, or by where it lies.

    Raises: InputError when the job was not given such a file, with the nearest that it was given.
    """
    size = job.manifest.settings.mini_batch_size
    for meant in _meant(job, path):
        position = position_of(job.folder, meant)
        if position is not None:
            mini_batch = find_mini_batch(job, position // size)
            return ReplayInput(mini_batch.mini_batch, (mini_batch.files[position % size],))
    near = _nearest(job, path)
    hint = f"did you mean {' or '.join(map(printable, near))}?" if near else f"its files lie in {job.listing.root}"
    raise InputError(f"the job was not given a file {path!r}; {hint}")


def find_mini_batch(job: Job, mini_batch: int) -> ReplayInput:
    """All files of a mini-batch. Raises: InputError when the job has none of this number."""
    if not 0 <= mini_batch < job.mini_batches:
        raise InputError(f"the job has no mini-batch {mini_batch}; its last one is {job.mini_batches - 1}, its first 0")
    ((_, files),) = job.read_mini_batches([mini_batch])
    return ReplayInput(mini_batch, tuple(files))


def _meant(job: Job, path: str) -> Iterator[str]:
    root = job.listing.root
    yield path
    for url in dict.fromkeys([path, as_url(path)]):
        if url != root and lies_in(url, root):
            yield url.removeprefix(root).lstrip("/")


def _nearest(job: Job, path: str) -> list[str]:
    paths = list(islice(read_paths(job.folder), PATHS_COMPARED))
    name = PurePosixPath(path).name
    alike = [each for each in paths if PurePosixPath(each).name == name]
    return (alike or difflib.get_close_matches(path, paths, n=NAMES_OFFERED))[:NAMES_OFFERED]


@contextmanager
def at_hand(job: Job, chosen: ReplayInput) -> Iterator[list[str]]:
    """Local absolute paths of the files, fetched if they are remote. Raises: InputError when one can't be fetched."""
    root = Folder(job.listing.root)
    if root.is_local:
        yield [root.at(path) for path in chosen.paths]
        return
    fetcher = Fetcher(root)
    try:
        batch = fetcher.begin(chosen.mini_batch, list(chosen.files))
        paths = batch.paths(lambda: None)
        for fault in batch.unfetched.values():
            raise InputError(fault.message)
        yield paths
    finally:
        fetcher.close()
