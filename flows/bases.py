"""Which earlier job a job keeps rows of, as its settings say."""

from uuid import UUID

from prefect import runtime
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun

from blocks.errors import NotRegistered
from blocks.overrides import Overrides
from blocks.store import Store
from flows.access import open_datastores
from flows.datastores import datastore_of
from flows.errors import JobRefusedError
from flows.paths import job_folder
from flows.runs import completed_runs, find_run
from scoring.base import differences, writes_files
from scoring.job import Job
from scoring.manifest import MANIFEST, Base, Manifest
from scoring.storage import Folder


def find_base(store: Store, job: Manifest, settings: Overrides | None) -> Base | None:
    """The job that a job's settings name, or mean; none if they say nothing, or there is none yet.

    Raises: JobRefusedError when the one that they name cannot be used.
    """
    if settings is None:
        return None
    if settings.failed_of is not None:
        return _of_failed(job, _named(store, settings.failed_of), settings.failed_of)
    if settings.since_job is not None:
        return _of_changed(job, _named(store, settings.since_job))
    if settings.incremental:
        earlier = _last_completed(store, job)
        return _of_changed(job, earlier) if earlier is not None else None
    return None


def _of_changed(job: Manifest, earlier: Manifest) -> Base:
    return Base(job=earlier.job, folder=earlier.folder, is_whole=False, differs=differences(earlier, job))


def _of_failed(job: Manifest, earlier: Manifest, name: str) -> Base:
    if (earlier.input, earlier.layout) != (job.input, job.layout):
        raise JobRefusedError(
            f"this job can't score the failed files of job {name!r}: that one read {earlier.input} and wrote "
            f"{earlier.layout}, and this one is to read {job.input} and write {job.layout}; leave both as they were"
        )
    if writes_files(earlier):
        raise JobRefusedError(
            f"the failed files of job {name!r} can't be scored by another job: its script writes files of its own, "
            "which can't be merged; send the whole job again"
        )
    return Base(job=earlier.job, folder=earlier.folder, is_whole=True)


def _named(store: Store, name: str) -> Manifest:
    with get_client(sync_client=True) as client:
        run = find_run(client, name)
    if run is None:
        raise JobRefusedError(
            f"there is no job {name!r}, whose rows were to be kept; `batchpoint job list` shows those that are"
        )
    earlier = _manifest_of(store, run)
    if earlier is None:
        raise JobRefusedError(
            f"job {name!r} has not listed its files, so it has no rows that could be kept; name another job"
        )
    return earlier


def _last_completed(store: Store, job: Manifest) -> Manifest | None:
    """Of the jobs of this flow run's endpoint that read the same input."""
    with get_client(sync_client=True) as client:
        for run in completed_runs(client, UUID(str(runtime.deployment.id))):
            earlier = _manifest_of(store, run)
            if earlier is not None and earlier.input == job.input:
                return earlier
    return None


def _manifest_of(store: Store, run: FlowRun) -> Manifest | None:
    datastore = datastore_of(run)
    try:
        open_datastores(store, [datastore])
    except NotRegistered:  # it was deleted, and with it the way to what lies in it
        return None
    folder = Folder(job_folder(store, str(run.id), datastore))
    if not folder.exists(MANIFEST):
        return None
    earlier = Manifest.read(folder.url)
    return earlier if Job(earlier).is_listed else None
