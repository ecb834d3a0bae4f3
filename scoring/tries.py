"""What the attempt before this one came to: which failures of it are certain to come again, and what was given up."""

from scoring.facts import Facts, Fault
from scoring.job import Job, facts_file
from scoring.ledger import facts_in
from scoring.planning import Chunk


class EarlierTries:
    """The mini-batches of a chunk that failed in the attempt before, where retry_on asks for them."""

    def __init__(self, job: Job, chunk: Chunk, attempt: int) -> None:
        """Read their facts; `attempt` is the one that begins, counted from 1."""
        self._retry = job.manifest.settings.retry_settings
        name = facts_file(chunk)
        is_asked = attempt > 1 and self._retry.retry_on is not None and job.folder.exists(name)
        self._facts = {facts.mini_batch: facts for facts in facts_in(job.folder, name)} if is_asked else {}

    @property
    def given_up(self) -> dict[int, Facts]:
        """Facts of the mini-batches that were given up though tries were left."""
        return {index: facts for index, facts in self._facts.items() if facts.is_final}

    def is_sure_to_repeat(self, mini_batch: int, fault: Fault) -> bool:
        """Whether a mini-batch has now failed twice alike, and not in a way that gets all tries."""
        before = self._facts.get(mini_batch)
        is_alike = before is not None and before.faults[0].cause == fault.cause
        return is_alike and not self._retry.is_worth_all_tries(fault.names)
