"""The task runner of a job: Prefect's DaskTaskRunner, sized to the job's slots, that does nothing twice."""

import time
from collections.abc import Awaitable, Callable, Iterable
from functools import cached_property, partial
from types import TracebackType
from typing import Any, Self
from uuid import UUID, uuid4

import dask.config
import distributed
from prefect import Task
from prefect.client.schemas.objects import RunInput
from prefect.context import SettingsContext, serialize_context
from prefect.futures import PrefectFuture
from prefect.utilities.collections import visit_collection
from prefect.utilities.engine import collect_task_run_inputs_sync
from prefect_dask.task_runners import DaskTaskRunner, PrefectDaskFuture

from flows import task_runs
from flows.dispatch import Dispatch, Sent
from flows.errors import JobRefusedError
from flows.places import DaskWorker, Place
from scoring.manifest import Manifest

# Dask's scheduler, its workers and their dashboards listen where nobody else can reach them.
LOOPBACK = "127.0.0.1:0"
CONNECT_SECONDS = 15
SHRINK_SECONDS = 30.0


class SlotTaskRunner(DaskTaskRunner):  # type: ignore[misc]
    """A DaskTaskRunner for many short task runs, that the flow sizes once it knows how many slots its job has.

    As shipped, each submit serializes the run's context anew and has Dask tokenize it, and each task run opens an API
    client of its own: 150 ms (engine-facts, "What a task run costs"). Here context and task are serialized and
    scattered once, and each Dask worker keeps the context open with one client.
    """

    _slots_elsewhere: int | None = None
    _instances: int | None = None
    client_kwargs: dict[str, Any]
    _prepare: Callable[[Place], None] = staticmethod(lambda _place: None)

    def size(self, slots: int) -> None:
        """Have the cluster made with this many single-threaded Dask workers, at the first submit.

        They are threads of the flow's own process: the heavy work is done by the scoring processes, each minded by one
        of them, so separate Dask worker processes would cost 4 s at the start of each job and gain nothing on one
        machine (engine-facts, "Start-up").

        Raises: RuntimeError when the cluster is there already.
        """
        # Dask's sampling profiler costs a job 0.2 s, and looks at threads that only wait for scoring processes.
        dask.config.set({"distributed.worker.profile.enabled": False})
        self._use_class(
            distributed.LocalCluster,
            {
                "n_workers": slots,
                "threads_per_worker": 1,
                "processes": False,
                "dashboard_address": LOOPBACK,
                "worker_dashboard_address": LOOPBACK,
                "memory_limit": 0,  # rows never pass through Dask, and pausing a Dask worker would stall its slot
            },
        )

    def join(self, slots: int, address: str) -> None:
        """Have task runs go to a cluster that exists and that others may use, one at a time for each slot.

        Args:
            slots: threads of Dask workers to use, at most.
            address: the scheduler's, as in tcp://HOST:PORT.
        Raises: RuntimeError when the cluster is there already.
        """
        self._raise_if_there()
        self.address, self._slots_elsewhere = address, slots
        self.client_kwargs = {**self.client_kwargs, "timeout": CONNECT_SECONDS}

    def make(self, slots: int, cluster_class: Callable[..., Any], options: dict[str, Any], *, instances: int) -> None:
        """Have a cluster of other processes made for this flow run, one task run at a time for each slot.

        Args:
            slots: threads of Dask workers to use, at most.
            cluster_class: makes the cluster at the first submit, and is closed when the flow ends.
            options: what it is called with.
            instances: Dask workers that the cluster is asked for.
        Raises: RuntimeError when the cluster is there already.
        """
        self._use_class(cluster_class, options)
        self._slots_elsewhere, self._instances = slots, instances

    def _use_class(self, cluster_class: Any, options: dict[str, Any]) -> None:
        self._raise_if_there()
        self.cluster_class = self.resolved_cluster_class = cluster_class
        self.cluster_kwargs = dict(options)

    def _raise_if_there(self) -> None:
        if self._client is not None:
            raise RuntimeError("the Dask cluster is there already; size the task runner before the first submit")

    @property
    def client(self) -> Any:
        """The Dask client; the cluster is made or connected to when it is first asked for.

        Raises: JobRefusedError when no Dask scheduler answers at the address.
        """
        is_new = self._client is None
        try:
            client = super().client
        except OSError as error:
            if self.address is None:
                raise
            raise JobRefusedError(
                f"no Dask scheduler answers at {self.address}; start it there, or correct the compute's address"
            ) from error
        if is_new and self._instances is not None:
            self._cluster.scale(self._instances)
            self._await_end_of_surplus(client, self._instances)
        return client

    @staticmethod
    def _await_end_of_surplus(client: Any, instances: int) -> None:
        """Wait for Dask workers that a class began with beyond what was asked for: what they are given dies with them.

        LocalCluster, for one, begins with as many as there are cores, and takes a moment to end those it need not have.
        """
        give_up = time.monotonic() + SHRINK_SECONDS
        while len(client.scheduler_info(n_workers=-1)["workers"]) > instances and time.monotonic() < give_up:
            time.sleep(0.05)

    def find_places(self, prepare: Callable[..., Awaitable[None]], manifest: Manifest, generation: int) -> None:
        """Look for a place for each slot on a cluster of other processes, before there is anything to send.

        Args:
            prepare: is run on the Dask worker of each place, with the job's manifest and generation, the slot's number
                and the key of something that Dask keeps there for as long as this client is connected.
            manifest: the job's.
            generation: of the lease that the flow holds.
        """
        anchors: dict[DaskWorker, distributed.Future] = {}

        def at(place: Place) -> None:
            here = [place.worker.address]
            if place.worker not in anchors:
                anchors[place.worker] = self.client.scatter(manifest.folder, workers=here, hash=False)
            self.client.run(prepare, manifest, generation, place.slot, anchors[place.worker].key, workers=here)

        self._prepare = at
        assert self._dispatch is not None

    def everywhere(self, function: Callable[..., Awaitable[Any]], folder: str) -> list[Any]:
        """Run a coroutine function on every Dask worker with the job's folder; what each returned.

        Nothing happens before the cluster is there, after its scheduler, and on a Dask worker that dies meanwhile.
        """
        if self._client is None or self._client.status != "running":
            return []
        told: dict[str, Any] = self._client.run(function, folder, on_error="ignore")
        return list(told.values())

    def submit(
        self,
        task: "Task[..., Any]",
        parameters: dict[str, Any],
        wait_for: Iterable[PrefectFuture[Any]] | None = None,
        dependencies: dict[str, set[RunInput]] | None = None,
    ) -> Any:
        """Submit one task run; what it shares with others of its task went to the Dask workers before.

        Returns: a PrefectDaskFuture, as DaskTaskRunner's own submit does.
        Raises: RuntimeError before the task runner is started.
        """
        if not self._started:
            raise RuntimeError("the task runner must be started before task runs are submitted to it")
        task_run_id = uuid4()
        send = partial(self._send, task, task_run_id, parameters, wait_for, dependencies or {})
        if self._dispatch is None:
            return PrefectDaskFuture(wrapped_future=send(), task_run_id=task_run_id)
        sent = Sent(f"{task.name} {task_run_id}", send, _sent_in([parameters, wait_for]))
        self._dispatch.submit(sent)
        return PrefectDaskFuture(wrapped_future=sent, task_run_id=task_run_id)

    def _send(
        self,
        task: "Task[..., Any]",
        task_run_id: UUID,
        parameters: dict[str, Any],
        wait_for: Iterable[PrefectFuture[Any]] | None,
        dependencies: dict[str, set[RunInput]],
        place: Place | None = None,
        deaths: int = 0,
    ) -> distributed.Future:
        """Submit to Dask; for one place, where there are several, and anew after the Dask worker there died."""
        if deaths:
            self._shared.clear()  # those that died may have been all that held it
        given = self._optimize_futures(parameters)
        inputs: dict[str, set[Any]] = {
            name: collect_task_run_inputs_sync(value, future_cls=distributed.Future) for name, value in given.items()
        }
        for name, upstream in dependencies.items():
            inputs[name] = inputs.get(name, set()) | upstream
        future = self.client.submit(
            task_runs.run,
            self._share(self, self._surroundings),
            self._share(task, lambda: task),
            task_run_id,
            given,
            self._optimize_futures(wait_for) if wait_for else None,
            inputs,
            key=f"{task.name}-{task_run_id}-{deaths}",
            pure=False,
            workers=[place.worker.address] if place else None,
        )
        future.task_run_id = task_run_id
        return future

    def _optimize_futures(self, expr: Any) -> Any:
        def as_dask(found: Any) -> Any:
            wrapped = found.wrapped_future if isinstance(found, PrefectDaskFuture) else found
            return wrapped.dask if isinstance(wrapped, Sent) else wrapped

        return visit_collection(expr, visit_fn=as_dask, return_data=True)

    def drop(self, futures: list[Any]) -> None:
        """Have Dask forget task runs that have not begun."""
        wrapped = [future.wrapped_future for future in futures]
        if self._dispatch is not None:
            self._dispatch.drop(wrapped)
        elif self._client is not None:
            self._client.cancel(wrapped, force=True)

    def wait_for_those_sent(self, timeout: float) -> bool:
        """Wait until a cluster of other processes runs none of ours, at most `timeout` seconds; whether it does."""
        return self._dispatch is None or self._dispatch.wait_for_those_sent(timeout)

    def duplicate(self) -> Self:
        """The same settings in a new task runner; Prefect asks for it wherever it opens the flow run's context."""
        twin: Self = super().duplicate()
        twin.cluster_kwargs = dict(self.cluster_kwargs)
        twin._slots_elsewhere, twin._instances = self._slots_elsewhere, self._instances
        return twin

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if "_dispatch" in vars(self) and self._dispatch is not None:
            self._dispatch.close()
        super().__exit__(kind, error, traceback)

    @cached_property
    def _dispatch(self) -> Dispatch | None:
        if self._slots_elsewhere is None:
            return None
        return Dispatch(self.client, self._slots_elsewhere, lambda place: self._prepare(place))

    def _share(self, one: object, make: Callable[[], object]) -> Any:
        """The future of something that lies on every Dask worker; scattered when it is first asked for."""
        known = self._shared.get(id(one))
        if known is None:
            known = self._shared[id(one)] = (one, self.client.scatter(make(), broadcast=True, hash=False))
        return known[1]

    def _surroundings(self) -> task_runs.Surroundings:
        context = serialize_context()
        settings = SettingsContext.get()
        if self._dispatch is None and settings is not None:
            # In the same process the models themselves will do, and need not be made of text again: 30 ms each time.
            context["settings_context"] = dict(settings)
        return task_runs.Surroundings(key=str(uuid4()), context=context)

    @cached_property
    def _shared(self) -> dict[int, tuple[object, Any]]:
        # What was scattered is kept beside its future, so that its id is not given to another thing.
        return {}


def _sent_in(expr: Any) -> list[Sent]:
    """Task runs whose outcomes are among the arguments of another."""
    found: list[Sent] = []

    def look(each: Any) -> Any:
        if isinstance(each, PrefectDaskFuture) and isinstance(each.wrapped_future, Sent):
            found.append(each.wrapped_future)
        return each

    visit_collection(expr, visit_fn=look, return_data=False)
    return found
