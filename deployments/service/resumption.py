"""Jobs that ended without their whole output go on: their flow run is run again, under the manifest it had."""

import time
from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID, uuid5

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import FlowRun, State
from prefect.client.schemas.responses import SetStateStatus
from prefect.exceptions import ObjectNotFound
from prefect.states import AwaitingRetry

from blocks.store import Store
from deployments.embedded.bell import ring
from deployments.embedded.home import Home
from deployments.service.errors import ConflictError
from deployments.service.job_files import with_files
from deployments.service.job_records import Job
from deployments.service.jobs import read, show
from flows.runs import find_run
from scoring.home import home_path

RESUMED = UUID("8f0ff0a4-6c57-4f83-9a39-6f0c7b0f1c55")
"""Names the step from one ended state to the next try: whoever takes it twice took it once."""
TOLD_TWICE_SECONDS = 2.0


def resume(store: Store, client: SyncPrefectClient, name: str) -> Job:
    """Have a job go on that failed, was canceled or whose machine died; a completed one is left as it is.

    Only what is in no part yet is scored, and the output is what the job would have written without the interruption.
    Raises: JobNotFoundError; ConflictError when the job goes on already, or can't because its endpoint is gone.
    """
    job = read(client, name)
    if job.status == "Completed":
        return with_files(store, job)
    if not job.has_ended:
        raise _goes_on(job)
    run = find_run(client, str(job.id))
    assert run is not None
    assert run.state is not None
    _check_endpoint(client, store, job, run)
    _wait_until_told_twice(run.state)
    again: State[None] = AwaitingRetry(message="The job was resumed.")
    again.state_details.transition_id = uuid5(RESUMED, str(run.state.id))
    answer = client.set_flow_run_state(job.id, again)
    if answer.status is not SetStateStatus.ACCEPT:
        raise _goes_on(read(client, str(job.id)))
    ring(Home(home_path()).bell)
    return show(store, client, str(job.id))


def _wait_until_told_twice(ended: State) -> None:
    """Prefect's worker says of a killed process that it crashed, and half a second later again, whatever was said
    between: a job that was resumed by then would be Crashed for good (seen in a test).
    """
    age = (datetime.now(UTC) - ended.timestamp).total_seconds()
    if ended.is_crashed() and age < TOLD_TWICE_SECONDS:
        time.sleep(min(TOLD_TWICE_SECONDS, TOLD_TWICE_SECONDS - age))


def _goes_on(job: Job) -> ConflictError:
    return ConflictError(
        f"job {job.name!r} is {job.status}: it goes on without being resumed; follow it with batchpoint job stream "
        f"--name {job.name}"
    )


def _check_endpoint(client: SyncPrefectClient, store: Store, job: Job, run: FlowRun) -> None:
    """Raises: ConflictError when the job's Prefect deployment is gone: Prefect's worker would cancel the flow run."""
    with suppress(ObjectNotFound):
        if run.deployment_id is not None:
            client.read_deployment(run.deployment_id)
            return
    known = with_files(store, job)
    endpoint = known.endpoint_name or "ENDPOINT"
    raise ConflictError(
        f"job {job.name!r} can't be resumed: its endpoint {endpoint!r} was deleted, and with it what Prefect runs its "
        f"jobs by; create the endpoint again, and send a job that keeps what this one has scored: batchpoint "
        f"batch-endpoint invoke --name {endpoint} --input {known.input} --since-job {job.name}"
    )
