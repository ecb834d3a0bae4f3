"""A job as its users see it: Azure's words for what its flow run's state says."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.states import Scheduled
from prefect.utilities.urls import url_for
from pydantic import BaseModel, Field

from deployments.service.registration import Order
from flows.datastores import DATASTORE, datastore_of
from flows.paths import DEFAULT_DATASTORE
from flows.runs import NAME_TAG, SHORT
from scoring.literals import Value
from scoring.spelling import count, lasting
from scoring.summary import Files

PLAIN_STATUS = {
    StateType.PENDING: "Starting",
    StateType.CANCELLING: "CancelRequested",
    StateType.CANCELLED: "Canceled",
    StateType.COMPLETED: "Completed",
    StateType.FAILED: "Failed",
    StateType.CRASHED: "Failed",
    StateType.PAUSED: "Paused",
}
RUNNING_AS = {"Queued", "Finalizing"}
ENDED = {"Completed", "Failed", "Canceled"}


class CreationContext(BaseModel):
    """When a job was made."""

    created_at: datetime | None


class Link(BaseModel):
    """A page about a job."""

    endpoint: str


class Counted(BaseModel):
    """How far a job is, in files."""

    files: int
    done: int
    failed: int


class Job(BaseModel):
    """One invocation of an endpoint; its keys are those that `az ml job show` has, and some more."""

    name: str
    id: UUID
    display_name: str
    type: str = "batch"
    status: str
    state: str
    state_message: str | None
    endpoint_name: str | None
    deployment_name: str | None
    input: str | None
    output: str | None
    settings: dict[str, Any] = Field(default_factory=dict, description="What the job changes of its deployment.")
    literals: dict[str, Value] = Field(default_factory=dict, description="Its literal inputs.")
    creation_context: CreationContext
    start_time: datetime | None
    end_time: datetime | None
    files: Files | None = None
    progress: Counted | None = Field(None, description="How far it is, where jobs are listed.")
    services: dict[str, Link]
    sent_input: str | None = Field(None, exclude=True, description="The input as it was sent, before it was resolved.")
    sent_output: str | None = Field(None, exclude=True, description="The output as it was sent.")
    datastore: str = Field(DEFAULT_DATASTORE, exclude=True, description="The one that holds its folder.")

    def row(self) -> dict[str, str]:
        """The job as a line of a table: what tells it from others, and what became of it. An id is cut short."""
        sent, counts = self.creation_context.created_at, self.progress
        return {
            "name": self.name[:SHORT] if self.name == str(self.id) else self.name,
            "status": self.status,
            "endpoint": self.endpoint_name or "",
            "deployment": self.deployment_name or "",
            "files": count(counts.files) if counts is not None else "",
            "failed": count(counts.failed) if counts is not None else "",
            "duration": lasting(self.seconds) if self.seconds is not None else "",
            "sent": f"{sent:%Y-%m-%d %H:%M}" if sent is not None else "",
            "message": self.state_message or "",
        }

    @property
    def seconds(self) -> float | None:
        """How long it ran, or has run by now; None for one that has not begun."""
        if self.start_time is None:
            return None
        return ((self.end_time or datetime.now(UTC)) - self.start_time).total_seconds()

    @property
    def has_begun(self) -> bool:
        """Whether its flow has run, so that there may be lines of its log."""
        return self.start_time is not None

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status in ENDED


def status_of(state: State[object] | None) -> str:
    """Azure's word for a flow run's state: NotStarted while it is due later, Queued while it waits for its turn."""
    if state is None:
        return "NotStarted"
    if state.type == StateType.RUNNING:
        return state.name if state.name in RUNNING_AS else "Running"
    if state.type == StateType.SCHEDULED:
        due = state.state_details.scheduled_time
        return "NotStarted" if due is not None and due > datetime.now(UTC) else "Queued"
    return PLAIN_STATUS[state.type]


def name_of(run: FlowRun) -> str:
    """The name a user gave to the job, else its flow run's id."""
    given = [tag.removeprefix(NAME_TAG) for tag in run.tags if tag.startswith(NAME_TAG)]
    return given[0] if given else str(run.id)


def record(run: FlowRun, endpoint: str | None) -> Job:
    """A job as its flow run tells it."""
    sent_input, sent_output = _text(run.parameters, "input"), _text(run.parameters, "output")
    state, settings = run.state, _mapping(run.parameters, "settings")
    return Job(
        name=name_of(run),
        id=run.id,
        display_name=run.name,
        status=status_of(state),
        state=(state.name or state.type.value) if state is not None else "",
        state_message=state.message if state is not None else None,
        endpoint_name=endpoint,
        deployment_name=_text(run.parameters, "deployment"),
        input=sent_input,
        output=sent_output,
        settings=settings,
        literals=settings.get("literals") or {},
        creation_context=CreationContext(created_at=run.created),
        start_time=run.start_time,
        end_time=run.end_time,
        services=_services(run),
        sent_input=sent_input,
        sent_output=sent_output,
        datastore=datastore_of(run),
    )


def tags_of(order: Order) -> list[str]:
    """The tags of the flow run that an order makes."""
    return [f"{NAME_TAG}{order.name}"] if order.name is not None else []


def labels_of(order: Order) -> dict[str, str]:
    """Labels of that flow run: what must be known of a job before it begins."""
    return {DATASTORE: order.datastore} if order.datastore != DEFAULT_DATASTORE else {}


def as_sent(order: Order) -> Job:
    """The job that an order makes, as if Prefect had made it."""
    run = FlowRun(
        id=uuid4(),
        flow_id=uuid4(),
        name=order.name or "recorded",
        tags=tags_of(order),
        labels=labels_of(order),
        parameters=order.parameters,
        state=Scheduled(scheduled_time=order.due),
    )
    return record(run, order.endpoint)


def _text(parameters: Mapping[str, object] | None, name: str) -> str | None:
    value = (parameters or {}).get(name)
    return value if isinstance(value, str) else None


def _mapping(parameters: Mapping[str, object] | None, name: str) -> dict[str, Any]:
    value = (parameters or {}).get(name)
    return value if isinstance(value, dict) else {}


def _services(run: FlowRun) -> dict[str, Link]:
    url = url_for("flow-run", obj_id=run.id)
    return {"Studio": Link(endpoint=url)} if url else {}
