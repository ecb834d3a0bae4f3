"""Where a job's Dask workers are: in the flow's process, on a cluster that exists, or on one made for the job."""

from collections.abc import Callable
from typing import Any

from prefect.utilities.importtools import from_qualified_name

from flows.errors import JobRefusedError
from flows.task_runner import SlotTaskRunner
from scoring.manifest import Manifest


def place_task_runs(runner: SlotTaskRunner, manifest: Manifest) -> None:
    """Tell a task runner where the job's task runs go, before it submits any.

    Raises: JobRefusedError when the class that should make the cluster is not there.
    """
    cluster, slots = manifest.cluster, manifest.slots
    if cluster is None:
        runner.size(slots)
    elif cluster.address is not None:
        runner.join(slots, cluster.address)
    else:
        assert cluster.cluster_class is not None
        made_by = _import(cluster.cluster_class)
        runner.make(slots, made_by, cluster.cluster_kwargs, instances=manifest.instance_count)


def _import(name: str) -> Callable[..., Any]:
    try:
        found: Callable[..., Any] = from_qualified_name(name)
    except (ImportError, AttributeError, ValueError) as error:
        raise JobRefusedError(
            f"cluster_class {name!r} cannot be imported where the job runs: {error}; install its package there, or "
            "correct the compute's cluster_class, as in dask_kubernetes.operator.KubeCluster"
        ) from error
    return found
