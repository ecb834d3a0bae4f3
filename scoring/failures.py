"""What failed in one attempt at a chunk: the facts of it in a file, and a bounded number of lines in the logs."""

import logging
from collections import deque
from math import inf
from pathlib import Path

from scoring.attempts import AttemptWriter
from scoring.errors import MiniBatchesFailedError
from scoring.facts import Facts, Fault
from scoring.job import Job, facts_file
from scoring.ledger import facts_in
from scoring.planning import Chunk
from scoring.relay import Relay
from scoring.tries import EarlierTries

FILES_NAMED = 3  # of a mini-batch in one line
WARNINGS = 20  # of one attempt in the job's log; a line costs Prefect's server a row in its database

log = logging.getLogger(__name__)


class Failures:
    """Collects the facts of an attempt's failed tries. Used by one thread."""

    def __init__(
        self,
        job: Job,
        chunk: Chunk,
        attempt: int,
        scratch: Path,
        relay: Relay,
        earlier: EarlierTries,
        record: AttemptWriter,
    ) -> None:
        """Begin with what an earlier attempt gave up; `attempt` counts from 1."""
        self.attempt, self.relay, self._record = attempt, relay, record
        self.most = job.manifest.settings.retry_settings.max_retries + 1
        self._job, self._name = job, facts_file(chunk)
        self._earlier = earlier
        self._given_up_before = deque(earlier.given_up.values())
        self._path = scratch / "failed.jsonl"
        self._count = self._given_up = 0
        self._first: tuple[int, Fault] | None = None
        self._causes: set[tuple[str, str]] = set()

    @property
    def is_last(self) -> bool:
        """Whether no attempt follows this one."""
        return self.attempt >= self.most

    def is_final(self, mini_batch: int, fault: Fault) -> bool:
        """Whether a mini-batch that failed is not tried again: for want of tries, or of hope."""
        return self.is_last or self._earlier.is_sure_to_repeat(mini_batch, fault)

    def add(self, facts: Facts, fault: Fault) -> None:
        """Keep the facts of a mini-batch that is in no part, and tell why; facts leave out the traceback of `fault`."""
        self._keep(facts)
        self._count_and_tell(facts, fault)

    def add_stored(self, facts: Facts, fault: Fault) -> None:
        """Tell of a mini-batch some of whose files failed; its facts are in an incomplete part.

        What was given up before the last attempt is kept here as well, so that the next one leaves it alone.
        """
        if facts.is_final and not self.is_last:
            self._keep(facts)
        self._count_and_tell(facts, fault)

    def _keep(self, facts: Facts) -> None:
        self._carry_before(facts.mini_batch)
        self._write(facts)

    def _carry_before(self, mini_batch: float) -> None:
        """Keep what an earlier attempt gave up, in its place: facts lie in the order of their mini-batches."""
        while self._given_up_before and self._given_up_before[0].mini_batch < mini_batch:
            facts = self._given_up_before.popleft()
            self._write(facts)
            self._count_in(facts, facts.faults[0])

    def _write(self, facts: Facts) -> None:
        with self._path.open("a") as lines:
            lines.write(facts.model_dump_json(exclude_defaults=True) + "\n")

    def _count_in(self, facts: Facts, fault: Fault) -> None:
        self._count += 1
        self._given_up += facts.is_final
        self._first = self._first or (facts.mini_batch, fault.without_traceback())

    def _count_and_tell(self, facts: Facts, fault: Fault) -> None:
        self._count_in(facts, fault)
        is_news = self._count <= WARNINGS or fault.cause not in self._causes
        self._causes.add(fault.cause)
        self._record.add(facts, fault if is_news else fault.without_traceback())
        if is_news:
            self.relay.note(facts.mini_batch, fault.traceback)
            action = "give_up_mini_batch" if facts.is_final else "fail_try"
            log.warning("%s", self._sentence(facts, fault), extra={"action": action, "mini_batch": facts.mini_batch})
        elif self._count == WARNINGS + 1:
            log.warning("More mini-batches failed like those before; failures.jsonl will name those that are given up")

    def _sentence(self, facts: Facts, fault: Fault) -> str:
        again = ", as the one before, so it is given up" if facts.is_final and not self.is_last else ""
        said = f"Mini-batch {facts.mini_batch} failed, try {self.attempt} of {self.most}{again}: {fault}"
        if not facts.calls or not facts.is_final:
            return said
        names = ", ".join(failed.path for failed in facts.failed[:FILES_NAMED])
        more = f" and {len(facts.failed) - FILES_NAMED} more" if len(facts.failed) > FILES_NAMED else ""
        return f"{said}; {facts.scored} of its {facts.files} files were scored apart from {names}{more}"

    def store(self, settled: float = inf) -> None:
        """Put the facts into the job's folder; an older attempt's are replaced whole.

        Args:
            settled: the last mini-batch that this attempt has tried, when it ended early: what an older one knew of
                those after it still holds.
        Raises: SupersededError.
        """
        self._job.lease.check()
        is_known = self._job.folder.exists(self._name)
        self._carry_before(settled + 1)
        for facts in facts_in(self._job.folder, self._name) if is_known and settled < inf else ():
            if facts.mini_batch > settled:
                self._write(facts)
        if self._path.exists():
            self._job.folder.put(self._path, self._name)
        elif is_known:
            self._job.folder.write(self._name, b"")

    def raise_if_any(self) -> None:
        """Raises: MiniBatchesFailedError when a mini-batch failed."""
        if self._first is not None:
            index, fault = self._first
            is_final = self._given_up == self._count
            raise MiniBatchesFailedError(index, fault, self._count, self.attempt, self.most, is_final=is_final)
