"""Every verb of jobs. A job has no document: its record is its flow run, and what its folder holds."""

import math
import time
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    DeploymentFilterName,
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
)
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.sorting import FlowRunSort
from prefect.states import Cancelling

from blocks.specs import Endpoint
from blocks.store import Store
from deployments.service.errors import ConflictError, ServiceError
from deployments.service.job_files import resolved, with_files
from deployments.service.job_records import Job, record
from deployments.service.registration import Launcher
from deployments.service.submission import Request, submit
from flows.runs import OURS, find_run

Names = dict[uuid.UUID, str]
"""Endpoints by the ids of their Prefect deployments, which never change: who asks often keeps one."""
CRASHED = "Crashed"
CLOCKS_DIFFER = timedelta(minutes=1)
PAGE = 200
CANCEL_PATIENCE = 60.0
"""Seconds that `cancel` waits; a job ends within 10 when its worker lives and the machine is not overloaded."""
CRASH_PATIENCE = 15.0
"""Seconds after it has Crashed that it gives Prefect's worker to say that it was canceled.

A job whose cancellation comes in the moment in which it begins may end by SIGTERM before it could be told what for, and
says that it crashed. Prefect's worker, which sent the signal, puts that right some 3 s later.
"""


class JobNotFoundError(ServiceError):
    """There is no job of this name or id."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"there is no job {self.name!r}; `batchpoint job list` shows those that are"


class StillRunningError(ServiceError):
    """A job has not ended in the time that was given to it."""


def invoke(store: Store, launcher: Launcher, request: Request) -> Job:
    """Send a job to an endpoint. Raises: as `submission.submit`."""
    return with_files(store, submit(store, launcher, request))


def show(store: Store, client: SyncPrefectClient, name: str) -> Job:
    """A job by its name or id, with what its folders tell. Raises: JobNotFoundError."""
    return with_files(store, read(client, name))


def read(client: SyncPrefectClient, name: str, names: Names | None = None) -> Job:
    """A job by its name or id, as Prefect knows it; endpoints that are in `names` are not asked for.

    Raises: JobNotFoundError.
    """
    run = find_run(client, name)
    if run is None:
        raise JobNotFoundError(name)
    return _records(client, [run], names)[0]


def list_all(
    store: Store,
    client: SyncPrefectClient,
    *,
    endpoint: str | None = None,
    deployment: str | None = None,
    most: int | None = 50,
    names: Names | None = None,
) -> list[Job]:
    """Jobs, the newest first; those that a schedule will only send later are left out.

    Args:
        store: where the endpoint is looked up.
        client: the Prefect server's.
        endpoint: only this endpoint's.
        deployment: only this deployment's.
        most: how many at most; None is all.
        names: endpoints that are known by now.
    Raises: NotRegistered for the endpoint.
    """
    of_endpoint = None
    if endpoint is not None:
        of_endpoint = DeploymentFilter(name=DeploymentFilterName(any_=[store.get(Endpoint, endpoint).name]))
    jobs: list[Job] = []
    offset, page = 0, PAGE if most is None or deployment is not None else min(PAGE, most)
    due = FlowRunFilter(expected_start_time=FlowRunFilterExpectedStartTime(before_=datetime.now(UTC) + CLOCKS_DIFFER))
    while most is None or len(jobs) < most:
        runs = client.read_flow_runs(
            flow_filter=OURS,
            flow_run_filter=due,
            deployment_filter=of_endpoint,
            sort=FlowRunSort.EXPECTED_START_TIME_DESC,
            limit=page,
            offset=offset,
        )
        sent = (resolved(store, job) for job in _records(client, runs, names))
        jobs += [job for job in sent if deployment is None or _is_of(job, deployment)]
        offset += page
        if len(runs) < page:
            break
    return jobs[:most]


def cancel(store: Store, client: SyncPrefectClient, name: str, *, wait: bool = True) -> Job:
    """Ask a job to end, and wait until it has. A job that was canceled before is left as it is.

    Raises: JobNotFoundError; ConflictError for a job that ended otherwise; StillRunningError when it goes on.
    """
    job = read(client, name)
    if job.has_ended and job.status != "Canceled":
        raise ConflictError(f"job {job.name!r} has ended already: {job.status}")
    if not job.has_ended:
        client.set_flow_run_state(job.id, Cancelling())
    asked, crashed = time.monotonic(), math.inf
    while wait:
        job, now = read(client, str(job.id)), time.monotonic()
        if job.state == CRASHED:
            crashed = min(crashed, now)
        if job.has_ended and (job.state != CRASHED or now > crashed + CRASH_PATIENCE):
            break
        if now > asked + CANCEL_PATIENCE:
            raise StillRunningError(
                f"job {job.name!r} was asked to end {CANCEL_PATIENCE:.0f} s ago and is {job.status} still; the worker "
                "that runs it must be up to end it: `batchpoint status` tells"
            )
        time.sleep(0.3)
    return show(store, client, str(job.id))


def _records(client: SyncPrefectClient, runs: Iterable[FlowRun], names: Names | None) -> list[Job]:
    """Jobs of flow runs; an endpoint has the name of its Prefect deployment."""
    runs, endpoints = list(runs), {} if names is None else names
    unknown = list({run.deployment_id for run in runs if run.deployment_id is not None} - endpoints.keys())
    if unknown:
        wanted = DeploymentFilter(id=DeploymentFilterId(any_=unknown))
        endpoints |= {found.id: found.name for found in client.read_deployments(deployment_filter=wanted)}
    return [record(run, endpoints.get(run.deployment_id) if run.deployment_id else None) for run in runs]


def _is_of(job: Job, deployment: str) -> bool:
    return job.deployment_name is not None and job.deployment_name.lower() == deployment.lower()
