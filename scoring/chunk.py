"""One attempt at a chunk: every mini-batch of it that is in no part gets one try, whatever happens to the others."""

from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from scoring.errors import TryFailedError
from scoring.facts import Facts, FailedFile, Fault
from scoring.failures import Failures
from scoring.job import Job
from scoring.parts import Done, PartWriter
from scoring.planning import Chunk
from scoring.process import Scored
from scoring.relay import Relay
from scoring.slots import Fleet, Slot
from scoring.supply import DueBatch


@dataclass(frozen=True)
class News:
    """What became of one mini-batch in one try: counts and a short string, never rows."""

    mini_batch: int
    outcome: Literal["scored", "tried", "given_up"]
    scored: int
    failed: int
    fault: Fault | None = None


Tell = Callable[[News], None]


@dataclass(frozen=True)
class Report:
    """What one attempt at a chunk came to; also the result that Prefect persists. Counts of files, not of rows."""

    mini_batches: int
    scored: int
    failed: int
    kept: int  # mini-batches that were in a part before this attempt


def score_chunk(job: Job, chunk: Chunk, fleet: Fleet, *, attempt: int, tell: Tell) -> Report:
    """Give every mini-batch of a chunk that is in no part one try.

    Args:
        job: whose manifest and listing are in its folder.
        chunk: which mini-batches.
        fleet: where a scoring process is borrowed for the time of the attempt.
        attempt: counted from 1; the one after retry_settings.max_retries retries is the last, and gives up what fails.
        tell: is called after each try; it may stop the fleet, which ends the attempt.
    Raises: MiniBatchesFailedError at the end when some failed; InitFailedError when the script cannot start;
        JobStoppedError when the fleet was stopped. Facts of what failed are written whatever ends the attempt.
    """
    fleet.raise_if_stopped()
    done = Done(job.folder)
    kept = sum(index in done for index in range(chunk.first, chunk.last + 1))
    with fleet.borrow() as (slot, scratch), closing(fleet.supplies(job).of(chunk, done)) as due:
        scored, short = _Attempt(job, chunk, slot, attempt, scratch).run(due, tell)
    return Report(len(chunk), scored, short, kept)


class _Attempt:
    """The state of one attempt: the part being written, and the facts of what failed."""

    def __init__(self, job: Job, chunk: Chunk, slot: Slot, attempt: int, scratch: Path) -> None:
        self.slot, self.attempt = slot, attempt
        self.timeout = job.manifest.settings.retry_settings.timeout
        self.writer = PartWriter(job.folder, scratch)
        self.relay = Relay(job.folder, slot.number)
        self.failures = Failures(job, chunk, attempt, scratch, self.relay)

    def run(self, supply: Iterable[DueBatch], tell: Tell) -> tuple[int, int]:
        """Try each mini-batch once; how many files were scored, and how many were missing from what came back."""
        scored = short = 0
        try:
            for due in supply:
                news = self.try_once(due)
                scored += news.scored
                short += news.failed if news.outcome == "scored" else 0
                tell(news)
        finally:
            self.write_down()
        self.failures.raise_if_any()
        return scored, short

    def try_once(self, due: DueBatch) -> News:
        index = due.index
        self.slot.relay = self.relay.of(index)
        spool = self.writer.spool_for(index)
        try:
            paths = due.paths(self.writer.keep_up)
            scored, seconds = self.slot.score(index, paths, spool, self.timeout, self.writer.keep_up)
        except TryFailedError as error:
            return self.failed_try(due, error.fault)
        facts = self.facts(due, scored, seconds)
        self.writer.add(facts, scored)
        return News(index, "scored", facts.scored, len(facts.failed), facts.faults[0] if facts.faults else None)

    def failed_try(self, due: DueBatch, fault: Fault) -> News:
        self.writer.close()  # what is done need not wait for what may take long to come right
        is_final = self.attempt >= self.failures.most
        shown = fault.without_traceback()
        facts = Facts(
            mini_batch=due.index,
            files=len(due.files),
            failed=tuple(FailedFile(path=file.path) for file in due.files),
            faults=(shown,),
            tries=self.attempt,
            fetch_seconds=round(due.waited, 6),
            slot=self.slot.number,
            is_final=is_final,
        )
        self.failures.add(facts, fault)
        return News(due.index, "given_up" if is_final else "tried", 0, len(due.files) if is_final else 0, shown)

    def facts(self, due: DueBatch, scored: Scored, seconds: float) -> Facts:
        """Facts of a mini-batch that returned: as many files scored as it returned rows, all of them at most.

        A short return is not retried (azure-semantics 2.6). Its missing files are told by name where every row names
        its file; otherwise the last ones are counted, and the reason says that it is a count.
        """
        files = due.files
        missing = max(0, len(files) - scored.rows)
        failed: list[FailedFile] = []
        faults: tuple[Fault, ...] = ()
        if missing:
            said = f"run() returned {scored.rows} rows for {len(files)} files"
            if scored.named is not None:
                failed = [FailedFile(path=file.path) for at, file in enumerate(files) if at not in scored.named]
                message = f"{said}, none of them for this one"
            else:
                failed = [FailedFile(path=file.path) for file in files[len(files) - missing :]]
                message = f"{said}; no row names its file, so it is not known which are missing: the last count"
            faults = (Fault(error="short_return", message=message),)
        return Facts(
            mini_batch=due.index,
            files=len(files),
            rows=scored.rows,
            failed=tuple(failed),
            faults=faults,
            tries=self.attempt,
            seconds=round(seconds, 6),
            fetch_seconds=round(due.waited, 6),
            slot=self.slot.number,
        )

    def write_down(self) -> None:
        """Write the open part, and the facts of what failed."""
        self.slot.relay = self.relay.after
        self.relay.close()
        self.writer.close()
        self.failures.store()
