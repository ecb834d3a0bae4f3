"""What a job's folders tell of it beyond its flow run."""

from blocks.errors import BlockError, NotRegistered
from blocks.store import Store
from deployments.service.job_records import Job
from flows.access import open_datastores, open_urls
from flows.errors import JobRefusedError
from flows.paths import job_folder, output_folder
from scoring.errors import ScoringError
from scoring.manifest import MANIFEST, Manifest
from scoring.publication import SUMMARY
from scoring.storage import Folder
from scoring.summary import Files, Summary


def with_files(store: Store, job: Job) -> Job:
    """The job with where its output is, what it resolved to, and the totals of its files."""
    manifest = _manifest_in_reach(store, job)
    if manifest is None:
        return job.model_copy(update={"output": _output_of(store, job)})
    return _as_resolved(job, manifest).model_copy(update={"files": _totals(store, manifest)})


def resolved(store: Store, job: Job) -> Job:
    """The job with the endpoint and the deployment that it resolved to, where its flow run does not name them.

    Those that Prefect's own doors send leave the deployment to the endpoint, and an endpoint may be gone.
    """
    if job.endpoint_name is not None and job.deployment_name is not None:
        return job
    manifest = _manifest_in_reach(store, job)
    return _as_resolved(job, manifest) if manifest is not None else job


def manifest_of(store: Store, job: Job) -> Manifest | None:
    """What a job resolved to, once it has. Raises: BlockError, StoreError where its folder is remote."""
    folder = folder_of(store, job)
    return Manifest.read(folder.url) if folder is not None and folder.exists(MANIFEST) else None


def summary_of(store: Store, manifest: Manifest) -> Summary | None:
    """What a job's output says of itself, if there is any yet. Raises: BlockError, StoreError where it is remote."""
    open_datastores(store, manifest.datastores)
    output = Folder(manifest.output)
    if not output.exists(SUMMARY):
        return None
    summary = Summary.model_validate_json(output.read(SUMMARY))
    return summary if summary.job == manifest.job else None


def folder_of(store: Store, job: Job) -> Folder | None:
    """A job's folder, which is there once the job has begun; None where its datastore is not registered.

    Raises: UnusableCredentials, StoreError.
    """
    try:
        url = job_folder(store, str(job.id), job.datastore)
        open_urls(store, url)
    except NotRegistered:
        return None
    return Folder(url)


def _manifest_in_reach(store: Store, job: Job) -> Manifest | None:
    try:
        return manifest_of(store, job)
    except (BlockError, ScoringError):  # a job can be shown, and canceled, while its folder's store is out of reach
        return None


def _totals(store: Store, manifest: Manifest) -> Files | None:
    try:
        summary = summary_of(store, manifest)
    except (BlockError, ScoringError):  # a job can be shown, and canceled, while its output's store is out of reach
        return None
    return summary.files if summary is not None else None


def _as_resolved(job: Job, manifest: Manifest) -> Job:
    return job.model_copy(
        update={
            "endpoint_name": manifest.endpoint,
            "deployment_name": manifest.deployment,
            "input": manifest.input,
            "output": manifest.output,
            "literals": manifest.literals,
        }
    )


def _output_of(store: Store, job: Job) -> str | None:
    try:
        return output_folder(store, str(job.id), job.output, job.datastore)
    except (BlockError, JobRefusedError):  # what the user wrote can't be resolved, which the job will say itself
        return job.output
