"""Where a running job's slots and its news meet, in the process that runs its task runs.

cloudpickle copies the globals that a task's body names into every task run. What task runs share with the flow
therefore lives here, in a module of its own, and they reach it by importing it.
"""

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from scoring.chunk import News
from scoring.job import Job
from scoring.parts import Done
from scoring.slots import Fleet


class Desk:
    """One job's scoring processes, and the queue of what happened to its mini-batches."""

    def __init__(self, job: Job, fleet: Fleet) -> None:
        self.job = job
        self.fleet = fleet
        self.news: queue.SimpleQueue[News] = queue.SimpleQueue()
        self._attempts = 0
        self._quiet = threading.Condition()

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """While a task run scores: what it writes down at its end must be there before the ledger is summed."""
        with self._quiet:
            self._attempts += 1
        try:
            yield
        finally:
            with self._quiet:
                self._attempts -= 1
                self._quiet.notify_all()

    def wait_until_quiet(self, timeout: float) -> bool:
        """Wait until no task run scores, at most `timeout` seconds; whether that came true."""
        with self._quiet:
            return self._quiet.wait_for(lambda: self._attempts == 0, timeout)


_desks: dict[str, Desk] = {}


@contextmanager
def open_desk(job: Job) -> Iterator[Desk]:
    """A job's desk for as long as its flow runs; whatever ends the flow, its scoring processes are killed first."""
    desk = Desk(job, Fleet(job.manifest.launch(), has_scored=bool(Done(job.folder))))
    _desks[job.manifest.folder] = desk
    try:
        yield desk
    finally:
        # The desk stays: a task run that begins as late as this must find it, and find it stopped.
        desk.fleet.stop()


def desk_of(folder: str) -> Desk:
    """The desk of the job in a folder. Raises: LookupError when its flow does not run in this process."""
    return _desks[folder]
