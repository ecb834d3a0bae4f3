"""The flow runs that are jobs, found by their ids and by the names that users gave them."""

from collections.abc import Iterator
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound

FLOW_NAME = "batch-endpoint"
OURS = FlowFilter(name=FlowFilterName(any_=[FLOW_NAME]))
NAME_TAG = "job-name:"
"""What begins the tag that holds the name a user gave to a job."""
PAGE = 50


def find_run(client: SyncPrefectClient, name: str) -> FlowRun | None:
    """The flow run of a job by its id or the name it was given, if there is one."""
    try:
        run = client.read_flow_run(UUID(name))
    except ValueError:
        tagged = FlowRunFilter(tags=FlowRunFilterTags(all_=[f"{NAME_TAG}{name}"]))
        return next(iter(client.read_flow_runs(flow_filter=OURS, flow_run_filter=tagged, limit=1)), None)
    except ObjectNotFound:
        return None
    return run


def completed_runs(client: SyncPrefectClient, prefect_deployment: UUID) -> Iterator[FlowRun]:
    """The flow runs of a Prefect deployment that completed, the last one first."""
    completed = FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.COMPLETED])))
    offset = 0
    while page := client.read_flow_runs(
        deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[prefect_deployment])),
        flow_run_filter=completed,
        sort=FlowRunSort.END_TIME_DESC,
        limit=PAGE,
        offset=offset,
    ):
        yield from page
        offset += PAGE
