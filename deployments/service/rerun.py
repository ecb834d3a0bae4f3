"""Another job for the files of a job that failed or were never reached."""

from typing import Any

from prefect.client.orchestration import SyncPrefectClient

from blocks.overrides import Overrides
from blocks.store import Store
from deployments.service.errors import ConflictError
from deployments.service.job_files import manifest_of, summary_of
from deployments.service.job_records import Job
from deployments.service.jobs import invoke, read
from deployments.service.registration import Launcher
from deployments.service.submission import Request

BASES = {"since_job", "incremental", "failed_of", "overwrite"}


def rerun_failed(
    store: Store,
    launcher: Launcher,
    client: SyncPrefectClient,
    name: str,
    *,
    job_name: str | None = None,
    output: str | None = None,
) -> Job:
    """Send a job that scores the failed and pending files of one that has ended, and keeps its rows for the others.

    Args:
        store: where the endpoint is looked up.
        launcher: that the new job is sent with.
        client: the Prefect server's.
        name: the earlier job's name, or its id.
        job_name: the new job's name; None makes it its flow run's id.
        output: folder for the output of all; None leaves it to the new job.
    Returns: the new job: same input, deployment and settings; a deployment that was changed since scores as it is now.
    Raises: JobNotFoundError; ConflictError when the job has not ended or nothing of it failed; as `submission.submit`.
    """
    job = read(client, name)
    manifest = manifest_of(store, job)
    if not job.has_ended or manifest is None:
        raise ConflictError(
            f"job {job.name!r} is {job.status}; only of a job that has ended, and had begun to score, can another one "
            "score the failed files"
        )
    summary = summary_of(store, manifest)
    if summary is not None and not summary.files.failed + summary.files.pending:
        raise ConflictError(f"job {job.name!r} has no failed files: {summary.message}")
    kept: dict[str, Any] = {key: value for key, value in job.settings.items() if key not in BASES}
    return invoke(
        store,
        launcher,
        Request(
            endpoint=manifest.endpoint,
            input=manifest.input,
            deployment=manifest.deployment,
            output=output,
            job_name=job_name,
            overrides=Overrides.model_validate(kept | {"failed_of": str(job.id)}),
        ),
    )
