"""The task runner of a job: Prefect's DaskTaskRunner, sized to the job's slots, that does nothing twice."""

from collections.abc import Iterable
from functools import cached_property
from typing import Any, Self
from uuid import uuid4

import distributed
from prefect import Task
from prefect.client.schemas.objects import RunInput
from prefect.context import serialize_context
from prefect.futures import PrefectFuture
from prefect.utilities.engine import collect_task_run_inputs_sync
from prefect_dask.task_runners import DaskTaskRunner, PrefectDaskFuture

from flows import task_runs

# Dask's scheduler, its workers and their dashboards listen where nobody else can reach them.
LOOPBACK = "127.0.0.1:0"


class SlotTaskRunner(DaskTaskRunner):  # type: ignore[misc]
    """A DaskTaskRunner for many short task runs, that the flow sizes once it knows how many slots its job has.

    As shipped, each submit serializes the run's context anew and has Dask tokenize it, and each task run opens an API
    client of its own: 150 ms (engine-facts, "What a task run costs"). Here context and task are serialized and
    scattered once, and each Dask worker keeps the context open with one client.
    """

    def size(self, slots: int) -> None:
        """Have the cluster made with this many single-threaded Dask workers, at the first submit.

        They are threads of the flow's own process: the heavy work is done by the scoring processes, each minded by one
        of them, so separate Dask worker processes would cost 4 s at the start of each job and gain nothing on one
        machine (engine-facts, "Start-up").

        Raises: RuntimeError when the cluster is there already.
        """
        if self._client is not None:
            raise RuntimeError("the Dask cluster is there already; size the task runner before the first submit")
        self.cluster_class = self.resolved_cluster_class = distributed.LocalCluster
        self.cluster_kwargs = {
            "n_workers": slots,
            "threads_per_worker": 1,
            "processes": False,
            "dashboard_address": LOOPBACK,
            "worker_dashboard_address": LOOPBACK,
            "memory_limit": 0,  # rows never pass through Dask, and pausing a Dask worker would stall its slot
        }

    def duplicate(self) -> Self:
        """The same settings in a new task runner; Prefect asks for it wherever it opens the flow run's context."""
        twin: Self = super().duplicate()
        twin.cluster_kwargs = dict(self.cluster_kwargs)
        return twin

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
        given = self._optimize_futures(parameters)
        inputs: dict[str, set[Any]] = {
            name: collect_task_run_inputs_sync(value, future_cls=distributed.Future) for name, value in given.items()
        }
        for name, upstream in (dependencies or {}).items():
            inputs[name] = inputs.get(name, set()) | upstream
        future = self.client.submit(
            task_runs.run,
            self._share(task),
            task_run_id,
            given,
            self._optimize_futures(wait_for) if wait_for else None,
            inputs,
            key=f"{task.name}-{task_run_id}",
            pure=False,
        )
        future.task_run_id = task_run_id
        return PrefectDaskFuture(wrapped_future=future, task_run_id=task_run_id)

    def drop(self, futures: list[Any]) -> None:
        """Have Dask forget task runs that have not begun."""
        if self._client is not None:
            self._client.cancel([future.wrapped_future for future in futures], force=True)

    def _share(self, task: "Task[..., Any]") -> Any:
        """The future of a task's shared part on every Dask worker; scattered at the task's first submit."""
        known = self._shared.get(id(task))
        if known is None:
            shared = task_runs.Shared(key=str(uuid4()), task=task, context=self._context)
            known = self._shared[id(task)] = (task, self.client.scatter(shared, broadcast=True, hash=False))
        return known[1]

    @cached_property
    def _shared(self) -> dict[int, tuple["Task[..., Any]", Any]]:
        # The task is kept beside its future so that its id is not given to another one.
        return {}

    @cached_property
    def _context(self) -> dict[str, Any]:
        return serialize_context()
