"""What advice is drawn from: a job's settings, what it was to do, and what its slots did."""

import os
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import psutil

from scoring.advice.calls import Calls
from scoring.job import Job
from scoring.launch import devices
from scoring.settings import Settings
from scoring.stages import STAGES
from scoring.work import Work


@dataclass(frozen=True)
class Situation:
    """One job that has ended, and its machine.

    Attributes:
        settings: that it ran with.
        slots: that it had.
        instances: that these were on.
        files: that it had to score.
        size: of these files, in bytes.
        is_remote: whether they had to be fetched.
        timings: seconds of its stages, by name.
        work: of its slots.
        cores: of one instance; None where that is not known.
        memory: bytes of one instance; None where that is not known.
        has_gpu: whether there is one, whose memory bounds the scoring processes as well.
        memory_limit: bytes that a scoring process may take; None where there is no limit.
    """

    settings: Settings
    slots: int
    instances: int
    files: int
    size: int
    is_remote: bool
    timings: dict[str, float]
    work: Work
    cores: int | None = None
    memory: int | None = None
    memory_limit: int | None = None
    has_gpu: bool = False

    @classmethod
    def of(cls, job: Job, timings: dict[str, float], work: Work) -> Self:
        """The situation of a job whose folder is at hand. Its machine is this one, unless it ran on a cluster."""
        manifest, is_here = job.manifest, job.manifest.cluster is None
        return cls(
            settings=manifest.settings,
            slots=manifest.slots,
            instances=manifest.instance_count,
            files=job.listing.files,
            size=job.listing.size,
            is_remote="://" in job.listing.root,
            timings=timings,
            work=work,
            cores=os.cpu_count() if is_here else None,
            memory=manifest.memory or (psutil.virtual_memory().total if is_here else None),
            memory_limit=manifest.memory_limit,
            has_gpu=work.has_gpu or (is_here and bool(devices())),
        )

    @cached_property
    def calls(self) -> Calls:
        """What its calls cost, as far as its numbers tell that apart."""
        work = self.work
        fixed = work.calls.at_zero()
        scoring = max(0.0, work.sum_of("scoring") - fixed * work.mini_batches)
        return Calls(
            files=work.files,
            size=self.settings.mini_batch_size,
            slots=self.slots,
            fixed=fixed,
            per_file=scoring / work.files if work.files else 0.0,
            between=work.between,
        )

    def saved(self, then: Calls) -> float:
        """Seconds of scoring that other calls would save, held against what it really took."""
        now = self.calls.seconds()
        real = min(1.0, self.scoring_seconds / now) if now else 0.0
        return (now - then.seconds()) * real

    @property
    def seconds(self) -> float:
        """Seconds of the whole job, all its stages; 0 where they are not known."""
        return sum(took for stage, took in self.timings.items() if stage in STAGES)

    @property
    def scoring_seconds(self) -> float:
        """Seconds from the first call to the end of the last, without what the first process took to start."""
        return max(0.0, self.work.span - self.work.first_start)
