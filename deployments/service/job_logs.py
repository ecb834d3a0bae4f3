"""What a job's logs say, read from the files in its folder: also while it runs, as far as they are there."""

from collections.abc import Iterator

from prefect.client.orchestration import SyncPrefectClient

from blocks.store import Store
from deployments.service.errors import ConflictError, UnusableError
from deployments.service.job_files import folder_of, manifest_of
from deployments.service.job_records import Job
from deployments.service.jobs import read
from scoring.job import Job as ScoredJob
from scoring.overview import ERRORS, OVERVIEW, errors, overview
from scoring.relay import LOGS, lines_of, slot_logs


def read_overview(store: Store, client: SyncPrefectClient, name: str) -> Iterator[str]:
    """Lines with times on a job's stages, attempts, failed tries and end; of a running one those that it has by now.

    Raises: JobNotFoundError; ConflictError when there is nothing yet.
    """
    job, scored = _scored(store, client, name)
    return lines_of(scored.folder, f"{LOGS}/{OVERVIEW}") if _is_written(job, scored, OVERVIEW) else overview(scored)


def read_errors(store: Store, client: SyncPrefectClient, name: str) -> Iterator[str]:
    """Lines on a job's failed tries, with tracebacks. Raises: as `read_overview`."""
    job, scored = _scored(store, client, name)
    return lines_of(scored.folder, f"{LOGS}/{ERRORS}") if _is_written(job, scored, ERRORS) else errors(scored)


def read_slot(store: Store, client: SyncPrefectClient, name: str, slot: int) -> Iterator[str]:
    """Lines that the script printed in one slot. Raises: as `read_overview`; UnusableError for a slot without any."""
    job = read(client, name)
    folder = folder_of(store, job)
    logs = slot_logs(folder) if folder is not None else {}
    if folder is None or slot not in logs:
        printed = ", ".join(map(str, sorted(logs))) or "none"
        raise UnusableError(f"in slot {slot} of job {job.name!r} nothing was printed; slots with output: {printed}")
    return (line for each in logs[slot] for line in lines_of(folder, each))


def _scored(store: Store, client: SyncPrefectClient, name: str) -> tuple[Job, ScoredJob]:
    job = read(client, name)
    manifest = manifest_of(store, job)
    if manifest is None:
        raise ConflictError(f"job {job.name!r} has no logs yet; it is {job.status}")
    return job, ScoredJob(manifest)


def _is_written(job: Job, scored: ScoredJob, name: str) -> bool:
    """Whether the file is there and not that of an earlier end of a job that goes on."""
    return job.has_ended and scored.folder.exists(f"{LOGS}/{name}")
