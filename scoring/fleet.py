"""All slots of a job in one process: lent to threads that score, and ended together."""

import shutil
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from scoring.errors import JobStoppedError
from scoring.facts import Facts, Fault
from scoring.held_folder import HeldFolder
from scoring.job import Job
from scoring.launch import Launch
from scoring.own_files import OwnFiles
from scoring.process import ScoringProcess
from scoring.samples import Sampler
from scoring.slot import Slot
from scoring.slot_states import SlotState
from scoring.supply import Supplies

NAMES_WATCHED = 10_000  # of files that the script writes itself


class Fleet:
    """All slots of a job in this process. Threads borrow one for as long as they score a chunk."""

    def __init__(self, launch: Launch, *, has_scored: bool = False) -> None:
        """Make an empty fleet; slots come to be as they are borrowed or started early.

        Args:
            launch: what each scoring process is started with.
            has_scored: whether the job has scored something before, as a resumed job may: then a failing init() is a
                failed try and not the end of the job.
        """
        self.has_scored = has_scored
        self.first_start: dict[str, float] = {}  # of the first scoring process that was ready: seconds by stage
        self._held = HeldFolder("scratch")
        self.scratch = self._held.path
        self._launch = launch
        self._lock = threading.Lock()
        self._next = 0
        self._slots: list[Slot] = []
        self._idle: list[Slot] = []
        self._borrowed = 0
        self._processes: set[ScoringProcess] = set()
        self._supplies: Supplies | None = None
        self._names: OwnFiles | None = None
        self._ending = threading.Event()
        self._stopped = threading.Event()
        self.sampler = Sampler(self._alive, self._stopped)

    def _alive(self) -> list[ScoringProcess]:
        with self._lock:
            processes = list(self._processes)
        return [process for process in processes if process.is_alive]

    @property
    def states(self) -> list[SlotState]:
        """What each slot is doing now; none once the job has ended. From any thread."""
        return [] if self.is_stopped else [slot.state for slot in tuple(self._slots)]

    @property
    def is_stopped(self) -> bool:
        """Whether the job's scoring processes were ended."""
        return self._stopped.is_set()

    def finish(self) -> None:
        """End the job early, at the next boundary of mini-batches: those being scored are finished. From any thread."""
        self._ending.set()

    def raise_if_ending(self) -> None:
        """Raises: JobStoppedError once finish() or stop() was called."""
        if self._ending.is_set():
            raise JobStoppedError

    def raise_if_stopped(self) -> None:
        """Raises: JobStoppedError once stop() was called."""
        if self._stopped.is_set():
            raise JobStoppedError

    def wait(self, seconds: float) -> None:
        """Let time pass before another attempt.

        Raises: JobStoppedError as soon as finish() or stop() is called.
        """
        self._ending.wait(seconds)
        self.raise_if_ending()

    def start_process(self, slot: int) -> ScoringProcess:
        """A new scoring process for a slot, unless the job is ending: stop() must find every process there is.

        Raises: JobStoppedError once stop() was called.
        """
        with self._lock:
            self.raise_if_stopped()
            process = ScoringProcess(replace(self._launch, slot=slot), str(self.scratch))
            self._processes = {one for one in self._processes if one.is_alive} | {process}
            self.sampler.begin()
        return process

    def start_early(self, numbers: Iterable[int]) -> None:
        """Start the scoring processes of some slots before there is work: frameworks take seconds to import."""
        for number in numbers:
            slot = self._new_slot(number)
            slot.start()
            with self._lock:
                self._idle.append(slot)

    def _new_slot(self, number: int | None = None) -> Slot:
        with self._lock:
            slot = Slot(self, self._next if number is None else number)
            self._next = max(self._next, slot.number + 1)
            self._slots.append(slot)
        return slot

    @contextmanager
    def borrow(self) -> Iterator[tuple[Slot, Path]]:
        """A slot nobody else uses, and a scratch folder; another slot is made when all are in use.

        Raises: JobStoppedError when the job is ending.
        """
        with self._lock:
            self.raise_if_stopped()
            scratch = Path(tempfile.mkdtemp(prefix="chunk-", dir=self.scratch))
            slot = self._idle.pop(0) if self._idle else None
            self._borrowed += 1
        if slot is None:
            slot = self._new_slot()
        try:
            yield slot, scratch
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
            slot.turn_to("idle")
            with self._lock:
                self._borrowed -= 1
                self._idle.insert(0, slot)
            if self.is_stopped:
                self._clear()

    def supplies(self, job: Job) -> Supplies:
        """The job's input files in this process; what is fetched of them goes when the fleet does.

        Raises: JobStoppedError when the job is ending.
        """
        with self._lock:
            self.raise_if_stopped()
            self._supplies = self._supplies or Supplies(job)
            return self._supplies

    def check_names(self, job: Job, facts: Facts) -> None:
        """Hold the names of files that the script wrote against those of other mini-batches. Raises: ScriptError."""
        if not facts.written:
            return
        with self._lock:
            self._names = self._names or OwnFiles(job)
            if len(self._names.files) < NAMES_WATCHED:
                self._names.add(facts)

    def stop(self) -> None:
        """End the job's scoring processes and all their descendants now; none starts after this. From any thread."""
        self._ending.set()
        self._stopped.set()
        with self._lock:  # a process that is being started is in the set once the lock is free
            processes, supplies = list(self._processes), self._supplies
        threads = [threading.Thread(target=process.kill) for process in processes]
        for thread in threads:
            thread.start()
        if supplies is not None:
            supplies.close()
        for thread in threads:
            thread.join()
        self._clear()

    def _clear(self) -> None:
        """Give back what idle slots hold, and the scratch folder once no thread has rows in it that must be stored."""
        with self._lock:
            idle, self._idle = self._idle, []
            is_last = self._borrowed == 0
        for slot in idle:
            slot.release()
        if is_last:
            self._held.remove()

    def close(self) -> list[Fault]:
        """End the idle processes after the script's shutdown(); returns what shutdown() raised."""
        with self._lock:
            idle, self._idle = self._idle, []
        faults = [fault for slot in idle if (fault := slot.close()) is not None]
        self.stop()
        return faults
