"""What failed in one attempt at a chunk: the facts of it in a file, and a bounded number of lines in the logs."""

import logging
from pathlib import Path

from scoring.errors import MiniBatchesFailedError
from scoring.facts import Facts, Fault
from scoring.job import FACTS, Job
from scoring.planning import Chunk
from scoring.relay import Relay

WARNINGS = 20  # of one attempt in the job's log; a line costs Prefect's server a row in its database

log = logging.getLogger(__name__)


class Failures:
    """Collects the facts of an attempt's failed tries. Used by one thread."""

    def __init__(self, job: Job, chunk: Chunk, attempt: int, scratch: Path, relay: Relay) -> None:
        self.count = 0
        self._job, self._name, self._attempt = job, f"{FACTS}/{chunk.name}.jsonl", attempt
        self.most = job.manifest.settings.retry_settings.max_retries + 1
        self._path = scratch / "failed.jsonl"
        self._relay = relay
        self._first: tuple[int, Fault] | None = None
        self._causes: set[tuple[str, str]] = set()

    def add(self, facts: Facts, fault: Fault) -> None:
        """Keep the facts of a mini-batch that failed, and tell why; facts leave out the traceback that `fault` has."""
        with self._path.open("a") as lines:
            lines.write(facts.model_dump_json() + "\n")
        self.count += 1
        self._first = self._first or (facts.mini_batch, facts.faults[0])
        cause = (fault.error, str(fault.where))
        if self.count <= WARNINGS or cause not in self._causes:
            self._tell(facts, fault)
        elif self.count == WARNINGS + 1:
            log.warning("More mini-batches failed like those before; failures.jsonl will name those that are given up")
        self._causes.add(cause)

    def _tell(self, facts: Facts, fault: Fault) -> None:
        self._relay.note(facts.mini_batch, fault.traceback)
        action = "give_up_mini_batch" if facts.is_final else "fail_try"
        said: dict[str, object] = {"action": action, "mini_batch": facts.mini_batch}
        tries = (self._attempt, self.most)
        log.warning("Mini-batch %d failed, try %d of %d: %s", facts.mini_batch, *tries, fault, extra=said)

    def store(self) -> None:
        """Put the facts into the job's folder; an older attempt's are replaced whole."""
        if self.count:
            self._job.folder.put(self._path, self._name)
        elif self._job.folder.exists(self._name):
            self._job.folder.write(self._name, b"")

    def raise_if_any(self) -> None:
        """Raises: MiniBatchesFailedError when a mini-batch failed."""
        if self._first is not None:
            index, fault = self._first
            raise MiniBatchesFailedError(index, fault, self.count, self._attempt, self.most)
