"""A job as those who score for it see it: its manifest, its folder, its listing."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from scoring.input_file import InputFile
from scoring.lease import Lease
from scoring.listing import SUMMARY as LISTED
from scoring.listing import ListingSummary, read_mini_batches, read_summary
from scoring.manifest import Manifest
from scoring.parts import Done
from scoring.planning import Chunk, count_mini_batches
from scoring.storage import Folder

FACTS = "facts"


def facts_file(chunk: Chunk) -> str:
    """Where the facts of what failed in a chunk lie in a job's folder."""
    return f"{FACTS}/{chunk.name}.jsonl"


@dataclass(frozen=True)
class Job:
    """A job as those who score for it see it: its manifest, and its folder.

    Attributes:
        manifest: what the job needs.
        generation: of the lease that the run of the job holds; 0 when it took none.
    """

    manifest: Manifest
    generation: int = 0

    @classmethod
    def open(cls, folder: str, generation: int = 0) -> "Job":
        """The job whose manifest lies in a folder."""
        return cls(Manifest.read(folder), generation)

    def leased(self) -> "Job":
        """The same job, for a run of it that takes the next lease. Raises: SupersededError."""
        return Job(self.manifest, Lease.take(self.folder).generation)

    @cached_property
    def lease(self) -> Lease:
        """What must be checked before anything is stored for the job."""
        return Lease(self.folder, self.generation)

    @cached_property
    def folder(self) -> Folder:
        """The job's folder."""
        return Folder(self.manifest.folder)

    @cached_property
    def listing(self) -> ListingSummary:
        """What there is to score."""
        return read_summary(self.folder)

    @property
    def is_listed(self) -> bool:
        """Whether it is known yet what there is to score."""
        return self.folder.exists(LISTED)

    @property
    def mini_batches(self) -> int:
        """How many mini-batches the listing makes."""
        return count_mini_batches(self.listing.files, self.manifest.settings.mini_batch_size)

    def count_done(self) -> int:
        """Files whose mini-batches are in parts already, as after a retry of the job."""
        done, size = Done(self.folder), self.manifest.settings.mini_batch_size
        whole = sum(size for index in range(self.mini_batches) if index in done)
        is_last_done = self.mini_batches - 1 in done
        return whole - (self.mini_batches * size - self.listing.files if is_last_done else 0)

    def read_mini_batches(self, indexes: Iterable[int]) -> Iterator[tuple[int, list[InputFile]]]:
        """Each of some mini-batches with its files."""
        return read_mini_batches(self.folder, self.manifest.settings.mini_batch_size, indexes)
