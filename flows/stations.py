"""Where the task runs of a job score: its scoring processes in the process of a Dask worker.

cloudpickle copies the globals that a task's body names into every task run. What task runs share therefore lives here,
in a module of its own, and they reach it by importing it. Where Dask workers are threads of the flow's own process the
flow opens the one station itself; in other processes prepare(), stop() and close() are run by way of Dask.
"""

import asyncio
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import distributed
from distributed.core import Status

from blocks.prefect_store import PrefectStore
from flows.access import open_datastores
from flows.bulletins import Wire
from flows.logs import send_logs, set_up_logs
from scoring import telemetry
from scoring.chunk import Tell
from scoring.fleet import Fleet
from scoring.job import Job
from scoring.manifest import Manifest
from scoring.parts import Done

ENDING = {Status.closing, Status.closed}
LOOK = 1.0  # seconds between looks at whether the job's flow is still there
SWITCH_SECONDS = 0.0005
"""How long a thread may keep Python's lock from one that wants it, 0.005 by default: a scoring process stands still
while the thread that has its next mini-batch waits for threads that talk to Prefect's server."""


class Station:
    """One job's scoring processes in this process."""

    def __init__(self, job: Job, tell: Tell) -> None:
        """Have the job's environment on this machine. Raises: EnvironmentUnusableError."""
        sys.setswitchinterval(SWITCH_SECONDS)
        self.job = job
        self.tell = tell
        self._environment = job.manifest.use_environment()
        self.fleet = Fleet(job.manifest.launch(self._environment.python))
        self._attempts = 0
        self._has_opened = False
        self._quiet = threading.Condition()

    def open_datastores(self) -> None:
        """Have this process open the job's datastores; in a task run, which knows the server that has them.

        Only then can it see whether the job has scored something before.
        """
        if not self._has_opened:
            open_datastores(PrefectStore(), self.job.manifest.datastores)
            self.fleet.has_scored = self.fleet.has_scored or bool(Done(self.job.folder))
            self._has_opened = True

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

    def close(self) -> list[str]:
        """End the scoring processes after the script's shutdown(); what that raised."""
        return [str(fault) for fault in self.fleet.close()]


class RemoteStation(Station):
    """A station in a process that the flow does not run in: it ends when the flow does, however that ended.

    The flow holds an anchor in Dask: something of its own on this Dask worker, that Dask lets go of with the flow's
    client. Killing the flow closes its connection, so the anchor is gone a moment later.
    """

    def __init__(self, job: Job, worker: distributed.Worker, anchor: str) -> None:
        self._worker, self._anchor = worker, anchor
        self._wire = Wire(
            lambda bulletin: worker.log_event(topic_of(job), bulletin.as_message()), lambda: self.fleet.states
        )
        super().__init__(job, self._wire.tell)
        threading.Thread(target=self._watch, name="watch-anchor", daemon=True).start()

    @contextmanager
    def attempt(self) -> Iterator[None]:
        self._wire.tell_slots()
        try:
            with super().attempt():
                yield
        finally:
            self._wire.tell_slots()
            self._wire.flush()

    def close(self) -> list[str]:
        try:
            return super().close()
        finally:
            send_logs()
            telemetry.flush()

    def _watch(self) -> None:
        while not self.fleet.is_stopped:
            time.sleep(LOOK)
            # A Dask worker that lost its scheduler ends, and would wait half a minute for the task run.
            if self._worker.status in ENDING or self._anchor not in self._worker.state.tasks:
                self.fleet.stop()


def topic_of(job: Job) -> str:
    """The Dask topic that carries a job's news."""
    return f"batchpoint-{job.manifest.job}"


_stations: dict[str, Station] = {}
_lock = threading.Lock()


def open_station(station: Station) -> None:
    """Have task runs in this process find a job's station; one of the job's that was there before gives way."""
    with _lock:
        _stations[station.job.manifest.folder] = station


def station_of(folder: str) -> Station:
    """The station of the job in a folder. Raises: LookupError when the job has none in this process."""
    return _stations[folder]


async def prepare(manifest: Manifest, generation: int, slot: int, anchor: str, dask_worker: distributed.Worker) -> None:
    """On a Dask worker: start the scoring process of one of a job's slots before there is work for it.

    Args:
        manifest: the job's, which may lie in a store that this process cannot open yet.
        generation: of the lease that the flow holds; the station of an older one gives way.
        slot: the slot's number, which its log is named for.
        anchor: Dask's key of what the flow holds on this Dask worker for as long as it runs.
        dask_worker: Dask gives it.
    """

    def start() -> None:
        with _lock:
            station = _stations.get(manifest.folder)
            if station is not None and station.job.generation < generation:
                station.fleet.stop()
            if station is None or station.fleet.is_stopped:
                set_up_logs()
                station = RemoteStation(Job(manifest, generation), dask_worker, anchor)
                _stations[manifest.folder] = station
        station.fleet.start_early([slot])

    await asyncio.to_thread(start)


async def finish(folder: str) -> None:
    """On a Dask worker: have a job's mini-batches that are being scored finished, and no other begun."""
    station = _stations.get(folder)
    if station is not None:
        station.fleet.finish()


async def stop(folder: str) -> None:
    """On a Dask worker: end a job's scoring processes now; task runs that use them end too."""
    station = _stations.get(folder)
    if station is not None:
        await asyncio.to_thread(station.fleet.stop)


async def close(folder: str) -> list[str]:
    """On a Dask worker: end a job's scoring processes after the script's shutdown(); what that raised."""
    station = _stations.pop(folder, None)
    return [] if station is None else await asyncio.to_thread(station.close)
