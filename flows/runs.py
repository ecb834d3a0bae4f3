"""The flow runs that are jobs, found by their ids and by the names that users gave them."""

import re
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
SUBMISSION = "batchpoint.submission"
"""Label of a flow run that we sent: which submission made it, as Prefect does not tell whether it made one or had it
already."""
SHORT = 8  # characters of an id that tell a job from its neighbours
BEGINNING = re.compile(rf"[0-9a-f]{{{SHORT},35}}", re.ASCII)
LATEST = 200  # jobs among which one is looked for by the beginning of its id
PAGE = 50


def find_run(client: SyncPrefectClient, name: str) -> FlowRun | None:
    """The flow run of a job by its id or the name it was given, if there is one; for the latest jobs the beginning of
    the id will do, where it is of no other.
    """
    try:
        run = client.read_flow_run(UUID(name))
    except ValueError:
        return find_named(client, name) or _find_by_beginning(client, name)
    except ObjectNotFound:
        return None
    return run


def find_named(client: SyncPrefectClient, name: str) -> FlowRun | None:
    """The flow run of the job that a user gave a name to, if there is one."""
    tagged = FlowRunFilter(tags=FlowRunFilterTags(all_=[f"{NAME_TAG}{name}"]))
    return next(iter(client.read_flow_runs(flow_filter=OURS, flow_run_filter=tagged, limit=1)), None)


def _find_by_beginning(client: SyncPrefectClient, name: str) -> FlowRun | None:
    if not BEGINNING.fullmatch(name.replace("-", "")):
        return None
    latest = client.read_flow_runs(flow_filter=OURS, sort=FlowRunSort.EXPECTED_START_TIME_DESC, limit=LATEST)
    meant = [run for run in latest if str(run.id).startswith(name)]
    return meant[0] if len(meant) == 1 else None


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
