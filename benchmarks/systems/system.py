"""The seam between measuring and what is measured."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import psutil

from benchmarks.work import Work

Roles = Mapping[str, Sequence[psutil.Process]]
"""Live processes by what they are there for."""


class Started(Protocol):
    """A job that was started."""

    def roles(self) -> Roles:
        """The job's processes that are alive now; none once it is over."""

    def check(self) -> None:
        """Raises: BenchmarkError, with what it said, when the job has failed."""


class System(Protocol):
    """Something that runs a scoring script over files."""

    @property
    def name(self) -> str:
        """Short, for results and logs."""

    @property
    def title(self) -> str:
        """For people."""

    @property
    def most_mini_batches(self) -> int | None:
        """How many it is given at most, where a whole job would take too long; its times are then scaled."""

    def start(self, work: Work) -> Started:
        """Start one job, cold, and return at once."""

    def servers(self) -> Roles:
        """Processes that run before and after the job, and are not counted as its own."""
