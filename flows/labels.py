"""What a job is called in Prefect's pages: its flow run's name, and tags to find it by."""

from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.context import FlowRunContext

from flows.runs import NAME_TAG
from scoring.manifest import Manifest

SHORT = 8  # characters of an id that tell a job from its neighbours


def label_run(manifest: Manifest) -> None:
    """Name the flow run for its endpoint and deployment, unless its user has given it a name; tag it with both.

    Only now is it known what the endpoint's default is. A run that goes on has it all already.
    """
    context = FlowRunContext.get()
    assert context is not None
    run = context.flow_run
    assert run is not None
    tags = {*run.tags, f"endpoint:{manifest.endpoint}", f"deployment:{manifest.deployment}"}
    name = run.name if _has_own_name(run.tags) else name_of(manifest)
    if name != run.name or tags != {*run.tags}:
        get_client(sync_client=True).update_flow_run(UUID(str(run.id)), name=name, tags=sorted(tags))


def name_of(manifest: Manifest) -> str:
    """A job's name for people: endpoint, deployment and the beginning of its id."""
    return f"{manifest.endpoint} / {manifest.deployment} / {manifest.job[:SHORT]}"


def _has_own_name(tags: list[str]) -> bool:
    return any(tag.startswith(NAME_TAG) for tag in tags)
