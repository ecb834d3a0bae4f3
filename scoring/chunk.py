"""One attempt at a chunk: every mini-batch of it that is in no part gets one try, whatever happens to the others."""

from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Literal

from scoring.attempts import AttemptWriter
from scoring.errors import TryFailedError
from scoring.facts import Facts, FailedFile, Fault
from scoring.failures import Failures
from scoring.fleet import Fleet
from scoring.job import Job
from scoring.ledger import Cause, causes_of
from scoring.parts import Done, PartWriter, read_incomplete
from scoring.pieces import stored_pieces
from scoring.planning import Chunk
from scoring.process import Scored
from scoring.relay import Relay
from scoring.rescue import Rescue
from scoring.short_returns import failed_files
from scoring.slot import Slot
from scoring.supply import DueBatch
from scoring.tries import EarlierTries
from scoring.turn import Turn

Outcome = Literal["scored", "tried", "given_up"]


@dataclass(frozen=True)
class News:
    """What became of one mini-batch in one try: counts of files and a short string, never rows."""

    mini_batch: int
    outcome: Outcome
    scored: int
    failed: int
    fault: Fault | None = None  # why nothing of it was scored, while the script may be broken for all we know
    causes: tuple[Cause, ...] = ()  # why files of it were given up
    seconds: float = 0.0  # that the slot took for it


Tell = Callable[[News], None]


@dataclass(frozen=True)
class Report:
    """What one attempt at a chunk came to; also the result that Prefect persists. Counts of files, not of rows."""

    mini_batches: int
    scored: int
    failed: int
    kept: int  # mini-batches that were in a part before this attempt


def score_chunk(job: Job, chunk: Chunk, fleet: Fleet, *, attempt: int, tell: Tell) -> Report:
    """Give every mini-batch of a chunk that is in no part one try; where no other follows find out whose fault it is.

    Args:
        job: whose manifest and listing are in its folder.
        chunk: which mini-batches.
        fleet: where a scoring process is borrowed for the time of the attempt.
        attempt: counted from 1; the one after retry_settings.max_retries retries is the last, and gives up what fails;
            one before gives up what is certain to fail again (retry_settings.retry_on).
        tell: is called after each try; it may stop the fleet, which ends the attempt.
    Raises: MiniBatchesFailedError at the end when some failed, or files of some; InitFailedError when the script
        cannot start; JobStoppedError when the fleet was stopped; SupersededError when another run of the job has begun.
        Facts of what failed are written whatever ends it, but for that.
    """
    fleet.raise_if_stopped()
    earlier = EarlierTries(job, chunk, attempt)
    done = Done(job.folder, earlier.given_up)
    kept = sum(index in done for index in range(chunk.first, chunk.last + 1))
    with fleet.borrow() as (slot, scratch), closing(fleet.supplies(job).of(chunk, done)) as due:
        name = f"{chunk.name}.{job.generation}.{attempt}"
        relay = Relay(job.folder, slot.number, name, scratch, slot.allowance)
        record = AttemptWriter(job, chunk, attempt, slot.number, scratch)
        failures = Failures(job, chunk, attempt, scratch, relay, earlier, record)
        scored, short = _Attempt(job, done, slot, failures, record, scratch).run(due, tell)
    return Report(len(chunk), scored, short, kept)


class _Attempt:
    """The state of one attempt: the part being written, and what failed."""

    def __init__(
        self, job: Job, done: Done, slot: Slot, failures: Failures, record: AttemptWriter, scratch: Path
    ) -> None:
        self.job, self.done, self.slot, self.failures, self.scratch = job, done, slot, failures, scratch
        self.record = record
        self.settings = job.manifest.settings
        self.timeout = self.settings.retry_settings.timeout
        self.writer = PartWriter(job.folder, scratch, job.lease)
        self.turn = Turn(slot)
        self.scored = 0

    def run(self, supply: Iterable[DueBatch], tell: Tell) -> tuple[int, int]:
        """Try each mini-batch once; how many files were scored, and how many were missing from what came back."""
        short = 0
        settled = -1.0
        try:
            for due in supply:
                self.turn.come()
                self.slot.relay = self.failures.relay.of(due.index)
                self.slot.turn_to("fetching", due.index)
                news = self.complete(due) if due.index in self.done.incomplete else self.try_once(due)
                self.scored += news.scored
                short += news.failed if news.outcome == "scored" else 0
                settled = due.index
                tell(news)
                self.turn = Turn(self.slot)
            settled = inf
        finally:
            self.write_down(settled)
        self.failures.raise_if_any()
        return self.scored, short

    def try_once(self, due: DueBatch) -> News:
        """Give a mini-batch that is in no part one try."""
        spool = self.writer.spool_for(due.index)
        paths = due.paths(self.writer.keep_up)
        if due.unfetched:
            return self.failed_try(due, paths, TryFailedError(due.index, next(iter(due.unfetched.values()))))
        try:
            scored, seconds = self.slot.score(
                due.index, paths, spool, self.timeout, self.writer.keep_up, due.relative_paths
            )
        except TryFailedError as error:
            return self.failed_try(due, paths, error)
        facts = self.facts(due, scored, seconds)
        self.writer.add(facts, scored)
        self.record.note(facts)
        if facts.faults:
            self.record.add(facts, facts.faults[0])
        self.slot.check_names(self.job, facts)
        suspicion = facts.faults[0] if facts.faults and not facts.scored else None
        return _settled(facts, suspicion)

    def failed_try(self, due: DueBatch, paths: list[str], error: TryFailedError) -> News:
        self.writer.close()  # what is done need not wait for what may take long to come right
        is_final = self.failures.is_final(due.index, error.fault)
        if not (is_final and self.settings.isolate_failures) or len(paths) == 1:
            facts = self.facts_of_failure(due, error)  # which tell of the slot's waiting by now
            self.probe(due, paths)
            return self.give_up(facts, error.fault, is_final=is_final)
        rescue = self.rescue(due, paths)
        if due.unfetched:
            rescue.try_rest(may_narrow=True)
        else:
            rescue.narrow(error.fault)
        return self.store(rescue, error.fault, error.seconds, is_final=is_final)

    def probe(self, due: DueBatch, paths: list[str]) -> None:
        """Before anything was scored, see whether the script can score one file of a mini-batch that failed.

        Otherwise a bad file in each of the first mini-batches would look like a script that is broken (fail_fast). The
        row is not kept: the next try may score the mini-batch as a whole.
        """
        is_doubtful = self.settings.fail_fast and self.settings.isolate_failures and not self.slot.has_scored
        if is_doubtful and len(paths) > 1 and not due.unfetched:
            with suppress(TryFailedError):
                spool, names = str(self.scratch / "probe"), due.relative_paths[-1:]
                self.slot.score(due.index, paths[-1:], spool, self.timeout, self.writer.keep_up, names)

    def complete(self, due: DueBatch) -> News:
        """Try those files of a mini-batch that were given up when the job ended before; the rows of others are kept."""
        paths = due.paths(self.writer.keep_up)
        old = read_incomplete(self.job.folder, due.index)
        rescue = self.rescue(due, paths)
        rescue.keep(stored_pieces(self.job.folder, old), old.facts)
        is_last = self.failures.is_last
        rescue.try_rest(may_narrow=is_last and self.settings.isolate_failures)
        return self.store(rescue, rescue.culprits[0].fault if rescue.culprits else None, 0, is_final=is_last)

    def rescue(self, due: DueBatch, paths: list[str]) -> Rescue:
        return Rescue(due, paths, self.slot, self.scratch, self.timeout, self.writer.keep_up)

    def store(self, rescue: Rescue, fault: Fault | None, seconds: float, *, is_final: bool) -> News:
        """Write what was saved of a mini-batch, and tell of the files that were given up for now or for good.

        Args:
            rescue: what saved it.
            fault: why not all of it was scored at once, if a try of that failed.
            seconds: of the call of run() that failed with the whole of it.
            is_final: whether no other try follows.
        """
        saved = rescue.result(self.failures.attempt, self.job.manifest.layout)
        failed_seconds = round(saved.facts.failed_seconds + seconds, 6)
        timed = {"began": self.turn.began, "wait_seconds": self.turn.waited, "failed_seconds": failed_seconds}
        facts = saved.facts.model_copy(update=timed)
        if not facts.pieces and fault is not None:
            return self.give_up(facts, fault, is_final=is_final)
        self.writer.add_alone(facts, saved.columns, saved.rows, is_complete=not rescue.culprits)
        self.slot.check_names(self.job, facts)
        self.record.note(facts.model_copy(update={"is_final": is_final}))
        if fault is not None and rescue.culprits:
            self.failures.add_stored(facts.model_copy(update={"is_final": is_final}), fault)
            if not is_final:
                return News(facts.mini_batch, "tried", 0, 0)
        elif fault is not None:  # in pieces all of it could be scored
            self.record.add(facts, fault.without_traceback())
        return _settled(facts)

    def give_up(self, facts: Facts, fault: Fault, *, is_final: bool) -> News:
        """Nothing of a mini-batch was scored in this attempt: it is tried again, or was given up."""
        facts = facts.model_copy(update={"is_final": is_final})
        self.failures.add(facts, fault)
        self.record.note(facts)
        outcome: Outcome = "given_up" if is_final else "tried"
        suspicion = None if self.slot.has_scored else fault.without_traceback()
        causes = causes_of(facts) if is_final else ()
        return News(facts.mini_batch, outcome, 0, facts.files if is_final else 0, suspicion, causes)

    def facts_of_failure(self, due: DueBatch, error: TryFailedError) -> Facts:
        """Facts of a mini-batch that failed as a whole."""
        seconds = round(error.seconds, 6)
        return Facts(
            mini_batch=due.index,
            files=len(due.files),
            failed=tuple(FailedFile(path=file.path, seconds=seconds) for file in due.files),
            faults=(error.fault.without_traceback(),),
            tries=self.failures.attempt,
            fetch_seconds=round(due.waited, 6),
            failed_seconds=seconds,
            slot=self.slot.number,
            wait_seconds=self.turn.waited,
            began=self.turn.began,
        )

    def facts(self, due: DueBatch, scored: Scored, seconds: float) -> Facts:
        """Facts of a mini-batch that returned: as many files scored as it returned rows, all of them at most."""
        failed = failed_files(len(due.files), scored)
        faults = tuple(dict.fromkeys(failed.values()))
        return Facts(
            mini_batch=due.index,
            files=len(due.files),
            rows=scored.rows,
            failed=tuple(
                FailedFile(path=due.files[position].path, fault=faults.index(fault))
                for position, fault in failed.items()
            ),
            faults=faults,
            written=(scored.written,) if scored.written is not None else (),
            tries=self.failures.attempt,
            seconds=round(seconds, 6),
            fetch_seconds=round(due.waited, 6),
            slot=self.slot.number,
            wait_seconds=self.turn.waited,
            began=self.turn.began,
        )

    def write_down(self, settled: float) -> None:
        """Write the open part, what failed, how the attempt went, and what the script printed; see Failures.store."""
        self.slot.relay = self.failures.relay.after
        try:
            self.writer.close()
            self.failures.store(settled)
            self.record.store(self.scored, self.writer.seconds, self.slot.take_samples(), is_whole=settled == inf)
        finally:
            self.record.close()
            self.failures.relay.close()


def _settled(facts: Facts, suspicion: Fault | None = None) -> News:
    """The news of a mini-batch that has rows; files of it may have failed."""
    causes = causes_of(facts) if facts.failed else ()
    seconds = facts.seconds + facts.failed_seconds + facts.fetch_seconds
    return News(facts.mini_batch, "scored", facts.scored, len(facts.failed), suspicion, causes, seconds)
