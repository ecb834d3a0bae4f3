"""The task runner of a job: Prefect's DaskTaskRunner with one single-threaded Dask worker per slot."""

from typing import Any, Self

import distributed
from prefect_dask.task_runners import DaskTaskRunner

# Dask's scheduler, its workers and their dashboards listen where nobody else can reach them.
LOOPBACK = "127.0.0.1:0"


class SlotTaskRunner(DaskTaskRunner):  # type: ignore[misc]
    """A DaskTaskRunner that the flow sizes once it knows how many slots its job has.

    The cluster is made at the first submit. Its Dask workers are threads of the flow's own process: the heavy work is
    done by the scoring processes, each minded by one of them, so separate Dask worker processes would cost 4 s at the
    start of each job and gain nothing on one machine (engine-facts, "Start-up").
    """

    def size(self, slots: int) -> None:
        """Make the cluster with this many Dask workers. Raises: RuntimeError when it is there already."""
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
        """The same settings in a new task runner; Prefect asks for it in every task run."""
        twin: Self = super().duplicate()
        twin.cluster_kwargs = dict(self.cluster_kwargs)
        return twin

    def drop(self, futures: list[Any]) -> None:
        """Have Dask forget task runs that have not begun."""
        if self._client is not None:
            self._client.cancel([future.wrapped_future for future in futures], force=True)
