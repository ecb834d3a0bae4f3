"""One attempt at a chunk: every mini-batch of it that is in no part gets one try, whatever happens to the others."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from scoring.errors import MiniBatchesFailedError, TryFailedError
from scoring.facts import Facts, FailedFile, Fault
from scoring.fetch import at_hand
from scoring.job import FACTS, Job
from scoring.listing import InputFile
from scoring.parts import Done, PartWriter
from scoring.planning import Chunk
from scoring.process import Scored
from scoring.relay import Relay
from scoring.slots import Fleet, Slot
from scoring.storage import Folder

log = logging.getLogger(__name__)


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
    with fleet.borrow() as (slot, scratch):
        return _Attempt(job, chunk, slot, attempt, scratch).run(tell)


class _Attempt:
    """The state of one attempt: the part being written, and the facts of what failed."""

    def __init__(self, job: Job, chunk: Chunk, slot: Slot, attempt: int, scratch: Path) -> None:
        self.job, self.chunk, self.slot, self.attempt = job, chunk, slot, attempt
        self.most = job.manifest.settings.retry_settings.max_retries + 1
        self.scratch = scratch
        self.writer = PartWriter(job.folder, scratch)
        self.relay = Relay(job.folder, slot.number)
        self.failed: list[Facts] = []

    def run(self, tell: Tell) -> Report:
        done = Done(self.job.folder)
        todo = [index for index in range(self.chunk.first, self.chunk.last + 1) if index not in done]
        scored = short = 0
        try:
            for index in todo:
                news = self.try_once(index)
                scored += news.scored
                short += news.failed if news.outcome == "scored" else 0
                tell(news)
        finally:
            self.write_down()
        if self.failed:
            raise MiniBatchesFailedError(
                {one.mini_batch: one.faults[0] for one in self.failed}, self.attempt, self.most
            )
        return Report(len(self.chunk), scored, short, len(self.chunk) - len(todo))

    def try_once(self, index: int) -> News:
        files = self.job.files(index)
        root = Folder(self.job.listing.root)
        timeout = self.job.manifest.settings.retry_settings.timeout
        self.slot.relay = self.relay.of(index)
        spool = self.writer.spool_for(index)
        try:
            with at_hand(root, index, files, self.scratch) as paths:
                scored, seconds = self.slot.score(index, paths, spool, timeout, self.writer.keep_up)
        except TryFailedError as error:
            return self.failed_try(index, files, error.fault)
        facts = self.facts(index, files, scored, seconds)
        self.writer.add(facts, scored)
        return News(index, "scored", facts.scored, len(facts.failed), facts.faults[0] if facts.faults else None)

    def failed_try(self, index: int, files: list[InputFile], fault: Fault) -> News:
        self.writer.close()  # what is done need not wait for what may take long to come right
        self.relay.note(index, fault.traceback)
        is_final = self.attempt >= self.most
        self.failed.append(
            Facts(
                mini_batch=index,
                files=len(files),
                failed=tuple(FailedFile(path=file.path) for file in files),
                faults=(fault,),
                tries=self.attempt,
                slot=self.slot.number,
                is_final=is_final,
            )
        )
        log.warning(
            "Mini-batch %d failed, try %d of %d: %s",
            index,
            self.attempt,
            self.most,
            fault,
            extra={"action": "give_up_mini_batch" if is_final else "fail_try", "mini_batch": index},
        )
        return News(index, "given_up" if is_final else "tried", 0, len(files) if is_final else 0, fault)

    def facts(self, index: int, files: list[InputFile], scored: Scored, seconds: float) -> Facts:
        """Facts of a mini-batch that returned: as many files scored as it returned rows, all of them at most.

        A short return is not retried (azure-semantics 2.6). Its missing files are told by name where every row names
        its file; otherwise the last ones are counted, and the reason says that it is a count.
        """
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
            mini_batch=index,
            files=len(files),
            rows=scored.rows,
            failed=tuple(failed),
            faults=faults,
            tries=self.attempt,
            seconds=round(seconds, 6),
            slot=self.slot.number,
        )

    def write_down(self) -> None:
        """Write the open part, and the facts of what failed; an older attempt's are replaced whole."""
        self.slot.relay = self.relay.after
        self.relay.close()
        self.writer.close()
        name = f"{FACTS}/{self.chunk.name}.jsonl"
        if self.failed or self.job.folder.exists(name):
            lines = [facts.model_dump_json() + "\n" for facts in self.failed]
            self.job.folder.write(name, "".join(lines).encode())
