"""A job as its users see it: Azure's words for what its flow run's state says."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowFilter, FlowFilterName, FlowRunFilter, FlowRunFilterTags
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.exceptions import ObjectNotFound
from prefect.states import Scheduled
from prefect.utilities.urls import url_for
from pydantic import BaseModel, Field

from blocks.errors import BlockError
from blocks.store import Store
from deployments.service.registration import FLOW, Order
from flows.access import open_datastores
from flows.errors import JobRefusedError
from flows.paths import job_folder, output_folder
from scoring.assemble import Files, Summary
from scoring.errors import ScoringError
from scoring.manifest import MANIFEST, Manifest
from scoring.output import SUMMARY
from scoring.storage import Folder

OURS = FlowFilter(name=FlowFilterName(any_=[FLOW]))
NAME_TAG = "job-name:"
"""What begins the tag that holds the name a user gave to a job."""

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
    creation_context: CreationContext
    start_time: datetime | None
    end_time: datetime | None
    files: Files | None = None
    services: dict[str, Link]

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


def record(run: FlowRun, endpoint: str | None) -> Job:
    """A job as its flow run tells it."""
    state = run.state
    return Job(
        name=name_of(run),
        id=run.id,
        display_name=run.name,
        status=status_of(state),
        state=(state.name or state.type.value) if state is not None else "",
        state_message=state.message if state is not None else None,
        endpoint_name=endpoint,
        deployment_name=_text(run.parameters, "deployment"),
        input=_text(run.parameters, "input"),
        output=_text(run.parameters, "output"),
        settings=_mapping(run.parameters, "settings"),
        creation_context=CreationContext(created_at=run.created),
        start_time=run.start_time,
        end_time=run.end_time,
        services=_services(run),
    )


def tags_of(order: Order) -> list[str]:
    """The tags of the flow run that an order makes."""
    return [f"{NAME_TAG}{order.name}"] if order.name is not None else []


def as_sent(order: Order) -> Job:
    """The job that an order makes, as if Prefect had made it."""
    run = FlowRun(
        id=uuid4(),
        flow_id=uuid4(),
        name=order.name or "recorded",
        tags=tags_of(order),
        parameters=order.parameters,
        state=Scheduled(),
    )
    return record(run, order.endpoint)


def with_files(store: Store, job: Job) -> Job:
    """The job with what its folders tell beyond its flow run: where its output is, what it resolved to, the totals."""
    folder = _folder_of(store, job)
    if folder is None:
        return job
    found: dict[str, object] = {"output": _output_of(store, job)}
    if folder.exists(MANIFEST):
        manifest = Manifest.read(folder.url)
        found = {
            "endpoint_name": manifest.endpoint,
            "deployment_name": manifest.deployment,
            "input": manifest.input,
            "output": manifest.output,
        }
        found["files"] = _files_of(store, manifest)
    return job.model_copy(update=found)


def _files_of(store: Store, manifest: Manifest) -> Files | None:
    try:
        summary = summary_of(store, manifest)
    except (BlockError, ScoringError):  # a job can be shown, and canceled, while its output's store is out of reach
        return None
    return summary.files if summary is not None else None


def manifest_of(store: Store, job: Job) -> Manifest | None:
    """What a job resolved to, once it has."""
    folder = _folder_of(store, job)
    return Manifest.read(folder.url) if folder is not None and folder.exists(MANIFEST) else None


def summary_of(store: Store, manifest: Manifest) -> Summary | None:
    """What a job's output says of itself, if there is any yet. Raises: BlockError, StoreError where it is remote."""
    open_datastores(store, manifest.datastores)
    output = Folder(manifest.output)
    if not output.exists(SUMMARY):
        return None
    summary = Summary.model_validate_json(output.read(SUMMARY))
    return summary if summary.job == manifest.job else None


def _folder_of(store: Store, job: Job) -> Folder | None:
    try:
        return Folder(job_folder(store, str(job.id)))
    except BlockError:  # no datastore is registered, so nothing was ever kept
        return None


def _output_of(store: Store, job: Job) -> str | None:
    try:
        return output_folder(store, str(job.id), job.output)
    except (BlockError, JobRefusedError):  # what the user wrote can't be resolved, which the job will say itself
        return job.output


def _text(parameters: Mapping[str, object] | None, name: str) -> str | None:
    value = (parameters or {}).get(name)
    return value if isinstance(value, str) else None


def _mapping(parameters: Mapping[str, object] | None, name: str) -> dict[str, Any]:
    value = (parameters or {}).get(name)
    return value if isinstance(value, dict) else {}


def _services(run: FlowRun) -> dict[str, Link]:
    url = url_for("flow-run", obj_id=run.id)
    return {"Studio": Link(endpoint=url)} if url else {}
