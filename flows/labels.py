"""What a job is called in Prefect's pages: its flow run's name, and tags to find it by."""

from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.context import FlowRunContext

from flows.runs import NAME_TAG, SHORT, SUBMISSION
from scoring.manifest import Manifest


def label_run(manifest: Manifest) -> None:
    """Name the flow run for its endpoint and deployment, unless a user has given it a name; tag it with both.

    Only now is it known what the endpoint's default is. A run that goes on has it all already.
    """
    context = FlowRunContext.get()
    assert context is not None
    run = context.flow_run
    assert run is not None
    tags = {*run.tags, f"endpoint:{manifest.endpoint}", f"deployment:{manifest.deployment}"}
    name = name_of(manifest) if _is_named_by_chance(run) else run.name
    if name != run.name or tags != {*run.tags}:
        get_client(sync_client=True).update_flow_run(UUID(str(run.id)), name=name, tags=sorted(tags))


def name_of(manifest: Manifest) -> str:
    """A job's name for people: endpoint, deployment and the beginning of its id."""
    return f"{manifest.endpoint} / {manifest.deployment} / {manifest.job[:SHORT]}"


def _is_named_by_chance(run: FlowRun) -> bool:
    """Whether Prefect made its name up. Of one that was sent by Prefect's own doors that cannot be known."""
    is_given = any(tag.startswith(NAME_TAG) for tag in run.tags)
    return not is_given and (SUBMISSION in run.labels or bool(run.auto_scheduled))
