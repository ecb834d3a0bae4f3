"""Hooks of direction out in Prefect: an automation for each, which runs `send_word` when a job has ended.

Prefect hands events on in memory. What a server that died had not handed on is caught up with: whoever keeps a server
company looks every minute for jobs that ended and were not told of.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterName,
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterEndTime,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.events import EventTrigger, Posture, ResourceSpecification
from prefect.events.actions import RunDeployment
from prefect.events.schemas.automations import AutomationCore
from prefect.exceptions import ObjectNotFound
from prefect.states import AwaitingRetry
from prefect.utilities.callables import parameter_schema

from blocks.hooks import Hook
from blocks.prefect_store import PrefectStore
from blocks.store import Store
from deployments.deliveries import ENDINGS, FLOW_NAME, send_word
from deployments.embedded.launch import JOB_ENVIRONMENT, WORK_POOL
from deployments.service.registration import FLOW
from flows.runs import OURS

DEPLOYMENT = "hooks"
ENTRYPOINT = "deployments.deliveries.send_word"
LOOK_SECONDS = 60.0
LATE = timedelta(seconds=60)
"""After so long a job that ended and was not told of was forgotten."""
BACK = timedelta(days=1)
"""So far back it is looked for."""
PAGE = 200


def automation_name(hook: str) -> str:
    """What a hook's automation is called in Prefect."""
    return f"batchpoint: hook {hook}"


def subscribe(client: SyncPrefectClient, hook: Hook) -> None:
    """Have Prefect send word as a hook says, from now on."""
    wanted = automation(hook, _ensure_deployment(client))
    existing = client.read_automations_by_name(wanted.name)
    if existing:
        client.update_automation(existing[0].id, wanted)
    else:
        client.create_automation(wanted)


def unsubscribe(client: SyncPrefectClient, hook: str) -> None:
    """Have Prefect send no more word for a hook, if it does."""
    for existing in client.read_automations_by_name(automation_name(hook)):
        client.delete_automation(existing.id)


def automation(hook: Hook, deployment: UUID) -> AutomationCore:
    """The automation of a hook: a job's end is an event about its flow run, whose id is that of the state."""
    return AutomationCore(
        name=automation_name(hook.name),
        description=f"Tells {hook.receiver} how jobs of endpoint {hook.endpoint_name} ended.",
        trigger=EventTrigger(
            match=ResourceSpecification(
                {"prefect.resource.id": "prefect.flow-run.*", "prefect.state-type": _types(hook)}
            ),
            match_related=[
                ResourceSpecification({"prefect.resource.role": "flow", "prefect.resource.name": FLOW}),
                ResourceSpecification(
                    {"prefect.resource.role": "deployment", "prefect.resource.name": hook.endpoint_name}
                ),
            ],
            expect={"prefect.flow-run.*"},
            for_each={"prefect.resource.id"},
            posture=Posture.Reactive,
            threshold=1,
            within=timedelta(0),
        ),
        actions=[
            RunDeployment(
                deployment_id=deployment,
                parameters={
                    "hook": hook.name,
                    "job": {"__prefect_kind": "jinja", "template": "{{ flow_run.id }}"},
                    "state": {"__prefect_kind": "jinja", "template": "{{ event.id }}"},
                },
            )
        ],
    )


def catch_up(store: Store, client: SyncPrefectClient, now: datetime) -> None:
    """Send word that was forgotten, and again that whose process was lost while it was sent."""
    hooks = [each for each in store.list(Hook) if each.direction == "out"]
    if not hooks:
        return
    sent = list(_sent(client, now))
    for run in sent:
        if run.state is not None and run.state.is_crashed():
            client.set_flow_run_state(run.id, AwaitingRetry(message="its process was lost; it is sent again"))
    told = {(run.parameters.get("hook"), str(run.parameters.get("state"))) for run in sent}
    for hook in hooks:
        since = max(store.dates(Hook, hook.name).created_at, now - BACK)
        for job in _ended(client, hook, since, now - LATE):
            if job.state is not None and (hook.name, str(job.state.id)) not in told:
                client.create_flow_run_from_deployment(
                    _ensure_deployment(client),
                    parameters={"hook": hook.name, "job": str(job.id), "state": str(job.state.id)},
                    idempotency_key=f"{hook.name} {job.state.id}",
                )


def catch_up_now() -> None:
    """Catch up with the server that PREFECT_API_URL or the active profile names."""
    with get_client(sync_client=True) as client:
        catch_up(PrefectStore(), client, datetime.now(UTC))


def _types(hook: Hook) -> list[str]:
    return [kind.value for kind, ending in ENDINGS.items() if ending in hook.states]


def _sent(client: SyncPrefectClient, now: datetime) -> Iterator[FlowRun]:
    """Every word sent, or to be sent, of late."""
    of_late = FlowRunFilter(expected_start_time=FlowRunFilterExpectedStartTime(after_=now - BACK))
    yield from _pages(client, FlowFilter(name=FlowFilterName(any_=[FLOW_NAME])), of_late, None)


def _ended(client: SyncPrefectClient, hook: Hook, since: datetime, until: datetime) -> Iterator[FlowRun]:
    """The jobs that ended in that time, as the hook wants to know of."""
    ended = FlowRunFilter(
        end_time=FlowRunFilterEndTime(after_=since, before_=until),
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType(each) for each in _types(hook)])),
    )
    yield from _pages(client, OURS, ended, DeploymentFilter(name=DeploymentFilterName(any_=[hook.endpoint_name])))


def _pages(
    client: SyncPrefectClient, flow: FlowFilter, wanted: FlowRunFilter, deployment: DeploymentFilter | None
) -> Iterator[FlowRun]:
    offset = 0
    while page := client.read_flow_runs(
        flow_filter=flow, flow_run_filter=wanted, deployment_filter=deployment, limit=PAGE, offset=offset
    ):
        yield from page
        offset += PAGE


def _ensure_deployment(client: SyncPrefectClient) -> UUID:
    """The Prefect deployment of `send_word`, of which there is one for all hooks."""
    try:
        return client.read_deployment_by_name(f"{FLOW_NAME}/{DEPLOYMENT}").id
    except ObjectNotFound:
        return client.create_deployment(
            flow_id=client.create_flow_from_name(FLOW_NAME),
            name=DEPLOYMENT,
            description="Tells the receivers of hooks how jobs ended.",
            entrypoint=ENTRYPOINT,
            work_pool_name=WORK_POOL,
            job_variables={"env": dict(JOB_ENVIRONMENT)},
            parameter_openapi_schema=parameter_schema(send_word).model_dump(),
            enforce_parameter_schema=True,
        )
