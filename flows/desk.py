"""The flow's end of a running job: it hears the news and ends scoring processes, wherever their Dask workers are."""

import queue
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from flows import stations
from flows.bulletins import Bulletin
from flows.stations import Station, open_station, topic_of
from flows.task_runner import SlotTaskRunner
from scoring.job import Job
from scoring.parts import Done
from scoring.slot_states import SlotState


class Desk(ABC):
    """One job's news, and the word that ends its scoring processes."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.news: queue.SimpleQueue[Bulletin] = queue.SimpleQueue()

    @property
    @abstractmethod
    def has_scored(self) -> bool:
        """Whether the job has scored anything, in an earlier attempt at it too."""

    @property
    @abstractmethod
    def slots(self) -> Sequence[SlotState]:
        """What each of the job's slots is doing, as far as that is known here."""

    @property
    def first_start(self) -> dict[str, float]:
        """Seconds of the first scoring process's start, by stage; nothing where it is not known."""
        return {}

    @abstractmethod
    def start_early(self) -> None:
        """Start scoring processes before there is work for them."""

    @abstractmethod
    def finish(self) -> None:
        """Have mini-batches that are being scored finished, and no other begun."""

    @abstractmethod
    def stop(self) -> None:
        """End the job's scoring processes and all their descendants now."""

    @abstractmethod
    def wait_until_quiet(self, timeout: float) -> bool:
        """Wait until no task run scores, at most `timeout` seconds; whether that came true."""

    @abstractmethod
    def close(self) -> list[str]:
        """End the scoring processes after the script's shutdown(); what that raised."""


class DeskHere(Desk):
    """Of a job whose Dask workers are threads of the flow's process."""

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        self._station = Station(job, lambda news: self.news.put(Bulletin.of([news])))
        open_station(self._station)

    @property
    def has_scored(self) -> bool:
        return self._station.fleet.has_scored

    @property
    def slots(self) -> Sequence[SlotState]:
        return self._station.fleet.states

    @property
    def first_start(self) -> dict[str, float]:
        return self._station.fleet.first_start

    def start_early(self) -> None:
        self._station.fleet.start_early(range(self.job.manifest.slots))

    def finish(self) -> None:
        self._station.fleet.finish()

    def stop(self) -> None:
        # The station stays: a task run that begins as late as this must find it, and find it stopped.
        self._station.fleet.stop()

    def wait_until_quiet(self, timeout: float) -> bool:
        return self._station.wait_until_quiet(timeout)

    def close(self) -> list[str]:
        return self._station.close()


class DeskAfar(Desk):
    """Of a job whose Dask workers are other processes, on this machine or elsewhere."""

    def __init__(self, job: Job, runner: SlotTaskRunner) -> None:
        super().__init__(job)
        self._runner = runner
        self._slots: dict[int, SlotState] = {}

    @property
    def has_scored(self) -> bool:
        return bool(Done(self.job.folder))

    @property
    def slots(self) -> Sequence[SlotState]:
        return [state for _, state in sorted(self._slots.items())]

    def start_early(self) -> None:
        self._runner.client.subscribe_topic(topic_of(self.job), self._take)
        self._runner.find_places(stations.prepare, self.job.manifest, self.job.generation)

    async def _take(self, event: tuple[float, dict[str, object]]) -> None:
        bulletin = Bulletin.from_message(event[1])
        self._slots = self._slots | {state.slot: state for state in bulletin.slots}  # read in another thread
        self.news.put(bulletin)

    def finish(self) -> None:
        self._runner.everywhere(stations.finish, self.job.manifest.folder)

    def stop(self) -> None:
        self._runner.everywhere(stations.stop, self.job.manifest.folder)

    def wait_until_quiet(self, timeout: float) -> bool:
        return self._runner.wait_for_those_sent(timeout)

    def close(self) -> list[str]:
        told = self._runner.everywhere(stations.close, self.job.manifest.folder)
        return [fault for faults in told for fault in faults]


@contextmanager
def open_desk(job: Job, runner: SlotTaskRunner) -> Iterator[Desk]:
    """A job's desk for as long as its flow runs; whatever ends the flow, its scoring processes are killed first."""
    desk = DeskHere(job) if job.manifest.cluster is None else DeskAfar(job, runner)
    try:
        yield desk
    finally:
        desk.stop()
