"""A job as Prefect makes it: the flow run of an order, once."""

from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid4

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterIdempotencyKey
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.responses import DeploymentResponse
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.states import Scheduled

from deployments.embedded.bell import ring
from deployments.embedded.home import Home
from deployments.service.errors import ConflictError, JobNameTakenError, UnusableError
from deployments.service.job_records import Job, labels_of, record, tags_of
from deployments.service.registration import FLOW, Order
from flows.beginning import SENT
from flows.runs import NAME_TAG, OURS, SUBMISSION, find_named, find_run
from scoring.home import home_path

Ids = dict[str, UUID]
"""Of endpoints' Prefect deployments, by name: who sends often keeps them."""


def launch(client: SyncPrefectClient, order: Order, known: Ids) -> Job:
    """Create the flow run of an order, or find the one that an order with its key made.

    Where the endpoint's id is known, that takes one request.
    Raises: ConflictError when Prefect was not told of the endpoint or the deployment, or another job has the name.
    """
    if order.name is not None and find_named(client, order.name) is not None:
        # Of two that are sent at once with one key the second finds the first one's name taken.
        sent = sent_with(client, order.endpoint, order.key) if order.key is not None else None
        if sent is None:
            raise JobNameTakenError(order.name)
        return sent
    _check_base(client, order)
    submission = uuid4().hex
    run = _created(client, order, submission, known)
    if order.key is None and run.labels.get(SUBMISSION) != submission:
        raise JobNameTakenError(order.name or "")
    ring(Home(home_path()).bell)
    return record(run, order.endpoint)


def _created(client: SyncPrefectClient, order: Order, submission: str, known: Ids) -> FlowRun:
    """The flow run. An id that was known is looked up again where Prefect does not take the order for it."""
    if (found := known.get(order.endpoint)) is not None:
        try:
            return _create(client, found, order, submission)
        except PrefectHTTPStatusError as error:
            if error.response.status_code not in {HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT}:
                raise
    known[order.endpoint] = _prefect_deployment_for(client, order).id
    return _create(client, known[order.endpoint], order, submission)


def _create(client: SyncPrefectClient, prefect_deployment: UUID, order: Order, submission: str) -> FlowRun:
    return client.create_flow_run_from_deployment(
        prefect_deployment,
        parameters=order.parameters,
        name=order.name,
        tags=tags_of(order),
        state=Scheduled(scheduled_time=order.due) if order.due is not None else None,
        labels={SUBMISSION: submission} | labels_of(order) | ({} if order.began is None else {SENT: order.began}),
        idempotency_key=_key(prefect_deployment, order) or submission,  # the client asks again when it was busy
    )


def _check_base(client: SyncPrefectClient, order: Order) -> None:
    """Raises: UnusableError when the job whose rows are to be kept is not there; ConflictError when it goes on."""
    settings = order.parameters.get("settings") or {}
    name = settings.get("since_job") or settings.get("failed_of")
    if name is None:
        return
    run = find_run(client, name)
    if run is None:
        raise UnusableError(
            f"there is no job {name!r}, whose rows were to be kept; `batchpoint job list` shows those that are"
        )
    if not record(run, None).has_ended:
        raise ConflictError(
            f"job {name!r} has not ended, so it is not known yet which of its rows are to be kept; wait for it: "
            f"batchpoint job stream --name {name}"
        )


def sent_with(client: SyncPrefectClient, endpoint: str, key: str) -> Job | None:
    """The job that an order with this key made, if there was one. Raises: ConflictError as `launch`."""
    prefect_deployment = prefect_deployment_of(client, endpoint)
    wanted = _key(prefect_deployment.id, Order(endpoint, {}, key=key)) or ""
    with_key = FlowRunFilter(idempotency_key=FlowRunFilterIdempotencyKey(any_=[wanted]))
    runs = client.read_flow_runs(flow_filter=OURS, flow_run_filter=with_key, limit=1)
    return record(runs[0], endpoint) if runs else None


def prefect_deployment_of(client: SyncPrefectClient, endpoint: str) -> DeploymentResponse:
    """The Prefect deployment of a registered endpoint. Raises: ConflictError when Prefect does not have it."""
    try:
        return client.read_deployment_by_name(f"{FLOW}/{endpoint}")
    except ObjectNotFound as error:
        raise ConflictError(
            f"endpoint {endpoint!r} has no Prefect deployment any more; register it again: batchpoint batch-endpoint "
            f"update --name {endpoint}"
        ) from error


def _prefect_deployment_for(client: SyncPrefectClient, order: Order) -> DeploymentResponse:
    """Raises: ConflictError when Prefect was not told of the deployment: the command that created it was killed."""
    found = prefect_deployment_of(client, order.endpoint)
    form: Any = (found.parameter_openapi_schema or {}).get("properties", {})
    deployment = order.parameters["deployment"]
    if deployment not in form.get("deployment", {}).get("enum", []):
        raise ConflictError(
            f"Prefect was not told of deployment {deployment!r} of endpoint {order.endpoint!r}; tell it again: "
            f"batchpoint batch-endpoint update --name {order.endpoint}"
        )
    return found


def _key(prefect_deployment: UUID, order: Order) -> str | None:
    """Prefect's idempotency key, of which a flow has no two: so two jobs that are sent at once never have one name."""
    if order.key is not None:
        return f"{prefect_deployment}:{order.key}"
    return f"{NAME_TAG}{order.name}" if order.name is not None else None
