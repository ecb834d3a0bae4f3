"""How far jobs are, for a list of them: from their progress artifacts, some hundred jobs in one request."""

from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId, ArtifactFilterKey
from prefect.client.schemas.sorting import ArtifactSort

from deployments.service.job_records import Counted, Job
from flows.progress import KEY
from flows.standing import Standing

AT_ONCE = 100
PAGE = 200  # artifacts; a job that was resumed has several


def counted(client: SyncPrefectClient, jobs: list[Job]) -> list[Job]:
    """The jobs with how many of their files are settled, as far as that was told."""
    known: dict[UUID, Counted] = {}
    for first in range(0, len(jobs), AT_ONCE):
        known |= _counts(client, [job.id for job in jobs[first : first + AT_ONCE]])
    return [job.model_copy(update={"progress": known.get(job.id)}) for job in jobs]


def _counts(client: SyncPrefectClient, runs: list[UUID]) -> dict[UUID, Counted]:
    wanted = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=runs), key=ArtifactFilterKey(any_=[KEY]))
    found: dict[UUID, Counted] = {}
    for artifact in client.read_artifacts(artifact_filter=wanted, sort=ArtifactSort.UPDATED_DESC, limit=PAGE):
        standing = Standing.from_metadata(artifact.metadata_) if artifact.metadata_ else None
        if standing is not None and artifact.flow_run_id is not None:  # the newest first
            counts = Counted(files=standing.files, done=standing.done, failed=standing.failed)
            found.setdefault(artifact.flow_run_id, counts)
    return found
