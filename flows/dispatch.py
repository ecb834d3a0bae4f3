"""Task runs on their way to Dask workers in other processes: one for each slot, sent again when its worker dies."""

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextvars import copy_context
from typing import Any

import distributed
from prefect import get_run_logger

from flows.errors import DaskSchedulerLostError, DaskWorkerLostError
from flows.places import DaskWorker, Place, Places

LOOK = 1.0  # seconds between looks at which Dask workers there are
SENT_AGAIN = 3  # times that a task run is sent again after the Dask worker that ran it died
AWAY = 5.0  # seconds without a connection to the Dask scheduler, after which it is taken for gone
SAY_AFTER = 5.0  # seconds without any place after which the log says what is waited for

Send = Callable[[Place, int], Any]
"""Submits a task run to Dask at a place, after so many deaths of Dask workers that ran it; a distributed.Future."""


class Sent(Future[Any]):
    """A task run's outcome, whichever of its Dask futures brings it."""

    def __init__(self, name: str, send: Send, upstream: list["Sent"]) -> None:
        super().__init__()
        self.name = name
        self.send = send
        self.upstream = upstream
        self.deaths = 0
        self.place: Place | None = None
        self.dask: Any = None  # a distributed.Future


class Dispatch:
    """Keeps a task run with Dask for each place that a job has, and looks after it until it has an outcome.

    Dask itself runs the task runs of a dead Dask worker again without a word, and gives up with KilledWorker, which
    Prefect takes for no outcome at all. Here each is bound to its place: what dies with it is told, and sent again.
    """

    def __init__(self, client: distributed.Client, slots: int, prepare: Callable[[Place], None]) -> None:
        """Begin to look for places.

        Args:
            client: of the cluster.
            slots: places to find.
            prepare: is called for each place that is found, before anything is sent there.
        """
        self._client = client
        self._places = Places(slots)
        self._prepare = prepare
        self._waiting: deque[Sent] = deque()
        self._sent: set[Sent] = set()
        self._quiet = threading.Condition()
        self._events: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._began = self._connected = time.monotonic()
        self._address = str(client.scheduler.address)
        self._has_said = False
        # In the flow run's context, so that what is logged is its.
        self._thread = threading.Thread(target=copy_context().run, args=(self._run,), name="dispatch", daemon=True)
        self._thread.start()

    def submit(self, sent: Sent) -> None:
        """Have a task run sent as soon as there is a place for it and what it takes has come."""
        self._events.put(lambda: self._waiting.append(sent))

    def drop(self, unwanted: Iterable[Sent]) -> None:
        """Forget those that were not sent yet."""
        gone = set(unwanted)
        self._events.put(lambda: self._drop(gone))

    def wait_for_those_sent(self, timeout: float) -> bool:
        """Wait until Dask has given back all that it was sent, at most `timeout` seconds; whether that came true."""
        with self._quiet:
            return self._quiet.wait_for(lambda: not self._sent, timeout)

    def close(self) -> None:
        """Send nothing more."""
        self._events.put(None)
        self._thread.join()

    def _run(self) -> None:
        try:
            self._serve()
        except Exception as caught:  # noqa: BLE001 - whatever it is, whoever waits for an outcome must hear it
            self._fail(caught if self._is_connected else DaskSchedulerLostError(self._address))

    def _fail(self, error: Exception) -> None:
        """Give an error for outcome to every task run that there is, and to those that are yet to come."""
        while True:
            for sent in [*self._sent, *self._waiting]:
                sent.set_exception(error)
            self._waiting.clear()
            self._forget(set(self._sent))
            event = self._events.get()
            if event is None:
                return
            event()

    def _serve(self) -> None:
        look = 0.0
        while True:
            if time.monotonic() >= look:
                self._settle()
                look = time.monotonic() + LOOK
            self._send_what_can_go()
            try:
                event = self._events.get(timeout=max(0.0, look - time.monotonic()))
            except queue.Empty:
                continue
            if event is None:
                return
            event()

    @property
    def _is_connected(self) -> bool:
        """Whether Dask's client has its scheduler; when it has lost it, it looks for it for half a minute."""
        return bool(self._client.status == "running")

    def _settle(self) -> None:
        """See which Dask workers there are; take back what was sent to those that are gone.

        Raises: DaskSchedulerLostError.
        """
        if not self._is_connected:
            if time.monotonic() - self._connected > AWAY:
                raise DaskSchedulerLostError(self._address)
            return
        self._connected = time.monotonic()
        lost, found = self._places.settle(workers_of(self._client))
        for place in lost:
            for sent in [one for one in self._sent if one.place == place]:
                self._take_back(sent)
        for place in found:
            try:
                self._prepare(place)
            except Exception:
                if workers_of(self._client).get(place.worker.address) == place.worker:
                    raise  # else it died meanwhile, which the next look finds out
        if not self._sent and self._waiting and not found and time.monotonic() - self._began > SAY_AFTER:
            self._say_waiting()

    def _say_waiting(self) -> None:
        if not self._has_said:
            self._has_said = True
            get_run_logger().warning(
                "No Dask worker has a thread free at %s; waiting for one", self._client.scheduler.address
            )

    def _send_what_can_go(self) -> None:
        for _ in range(len(self._waiting) if self._is_connected else 0):
            sent = self._waiting.popleft()
            place = self._places.take() if all(one.done() for one in sent.upstream) else None
            if place is None:
                self._waiting.append(sent)
            else:
                self._send(sent, place)

    def _send(self, sent: Sent, place: Place) -> None:
        sent.place = place
        sent.dask = sent.send(place, sent.deaths)
        self._sent.add(sent)
        sent.dask.add_done_callback(lambda future: self._events.put(lambda: self._end(sent, future)))

    def _end(self, sent: Sent, future: Any) -> None:
        if sent.dask is not future or sent not in self._sent:
            return  # it was dropped, or its Dask worker is gone and it was sent again
        error = future.exception() if future.status == "error" else None
        assert sent.place is not None
        self._places.give_back(sent.place)
        if not self._is_connected:  # Dask's client has forgotten all that it had sent
            self._forget({sent})
            self._waiting.appendleft(sent)
            return
        if isinstance(error, distributed.KilledWorker) or future.cancelled():
            # Dask cancels what it can't run any more because all that held the shared part have died.
            self._take_back(sent)
            return
        self._forget({sent})
        if error is not None:
            sent.set_exception(error)
        else:
            sent.set_result(future.result())

    def _take_back(self, sent: Sent) -> None:
        """Its Dask worker died: send it again, unless that has happened too often."""
        assert sent.dask is not None
        assert sent.place is not None
        sent.dask.cancel(force=True)
        self._forget({sent})
        sent.deaths += 1
        said = f"the Dask worker at {sent.place.worker.address} died while it ran {sent.name}"
        if sent.deaths > SENT_AGAIN:
            sent.set_exception(DaskWorkerLostError(f"{said}; that was the {sent.deaths}th, so it is not sent again"))
            return
        get_run_logger().warning("%s, which is sent again (%d of %d times)", said, sent.deaths, SENT_AGAIN)
        self._waiting.appendleft(sent)

    def _drop(self, unwanted: set[Sent]) -> None:
        for sent in unwanted.intersection(self._waiting):
            self._waiting.remove(sent)
            sent.cancel()

    def _forget(self, gone: set[Sent]) -> None:
        with self._quiet:
            self._sent -= gone
            self._quiet.notify_all()


def workers_of(client: distributed.Client) -> dict[str, DaskWorker]:
    """The Dask workers of a cluster, by address."""
    known = client.scheduler_info(n_workers=-1)["workers"]
    return {
        address: DaskWorker(address, str(told["id"]), int(told["nthreads"]))
        for address, told in known.items()
        if told.get("status") == "running"
    }
