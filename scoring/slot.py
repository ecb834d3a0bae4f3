"""A slot of a job: the place of one scoring process, which is started early, replaced when it dies, and tried again."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from scoring.errors import InitFailedError, TryFailedError
from scoring.facts import Facts, Fault
from scoring.job import Job
from scoring.process import Scored, ScoringProcess
from scoring.relay import Allowance
from scoring.samples import Sample
from scoring.slot_states import Activity, SlotState

if TYPE_CHECKING:
    from scoring.fleet import Fleet

FAILED_STARTS = 3  # init() failing so often in a row on a slot ends the job


class Slot:
    """One scoring process's place. One thread uses it at a time."""

    def __init__(self, fleet: "Fleet", number: int) -> None:
        self.number = number
        self.relay: Callable[[str], None] = lambda _line: None
        self.allowance = Allowance()
        self.starting = 0.0  # seconds that were waited for scoring processes to be ready
        self.state = SlotState(number, "idle", time.time())
        self._fleet = fleet
        self._process: ScoringProcess | None = None
        self._failed_starts = 0

    @property
    def has_scored(self) -> bool:
        """Whether a script of this job has scored anything, in any slot here or before the job was resumed."""
        return self._fleet.has_scored

    def check_names(self, job: Job, facts: Facts) -> None:
        """See that files which were written for a mini-batch have names of their own, as far as can be seen from here.

        The end of the job looks at all; a script that gives names wrongly mostly shows it in its first mini-batches.
        Raises: ScriptError.
        """
        self._fleet.check_names(job, facts)

    def turn_to(self, activity: Activity, mini_batch: int | None = None) -> None:
        """Say what the slot does from now on."""
        self.state = SlotState(self.number, activity, time.time(), mini_batch)

    def start(self) -> None:
        """Start the scoring process and return at once; while it imports, other work can go on.

        Raises: JobStoppedError once the job was stopped.
        """
        if self._process is None or not self._process.is_alive:
            self.release()  # and forgotten, for what is given back twice may be somebody else's by then
            self._process = self._fleet.start_process(self.number)

    def ready(self) -> ScoringProcess:
        """The scoring process, with init() behind it.

        Raises: InitFailedError; JobStoppedError when the job ends meanwhile.
        """
        self.start()
        assert self._process is not None
        process = self._process
        process.relay = self.relay
        if not process.is_ready:
            self.turn_to("starting")
        try:
            process.wait_ready()
        except InitFailedError:
            self._failed_starts += 1
            self._fleet.raise_if_stopped()
            raise
        self._failed_starts = 0
        self._fleet.first_start = self._fleet.first_start or process.seconds
        return process

    def score(
        self,
        index: int,
        files: list[str],
        spool: str,
        timeout: float,
        meanwhile: Callable[[], None],
        relative_paths: Sequence[str] = (),
    ) -> tuple[Scored, float]:
        """One try of one mini-batch; what run() returned, and the seconds it took. Arguments as of ScoringProcess.

        Raises: TryFailedError; InitFailedError when nothing was scored yet or for the third time in a row;
            JobStoppedError when the job ends meanwhile.
        """
        self._fleet.raise_if_ending()
        asked = time.monotonic()
        try:
            process = self.ready()
        except InitFailedError as error:
            if not self._fleet.has_scored or self._failed_starts >= FAILED_STARTS:
                raise
            message = f"{error.fault.message} (while {error.stage} ran in a new scoring process)"
            fault = error.fault.model_copy(update={"message": message})
            raise TryFailedError(index, fault) from error
        finally:
            self.starting += time.monotonic() - asked
        self.turn_to("scoring", index)
        began = time.monotonic()
        try:
            scored = process.score(index, files, spool, timeout, meanwhile, relative_paths)
            seconds = time.monotonic() - began
            written = process.keep_own_files(index)
            scored = replace(scored, written=written) if written is not None else scored
        except TryFailedError as error:
            self._fleet.raise_if_stopped()
            error.seconds = time.monotonic() - began
            raise
        self._fleet.has_scored = True
        return scored, seconds

    def take_samples(self) -> tuple[Sample, ...]:
        """What its scoring processes took of the machine since this was asked for last."""
        is_there = self._process is not None and self._process.is_alive
        return self._fleet.sampler.take(self._process if is_there else None, self.number)

    def close(self) -> Fault | None:
        """End the process after the script's shutdown()."""
        if self._process is None:
            return None
        self._process.relay = self.relay
        fault = self._process.close()
        self.release()
        return fault

    def release(self) -> None:
        """Give back what a killed process still holds; by the thread that used the slot, or once nobody does."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.release()
