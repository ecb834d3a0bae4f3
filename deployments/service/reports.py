"""The report of a job that has ended, and advice by its numbers."""

from pathlib import Path

from prefect.client.orchestration import SyncPrefectClient

from blocks.store import Store
from deployments.service.errors import ConflictError, UnusableError
from deployments.service.job_files import manifest_of, summary_of
from deployments.service.job_records import Job as Record
from deployments.service.jobs import read
from flows.access import open_datastores
from scoring.advice.advice import Advice
from scoring.advice.advise import advise as advise_on
from scoring.advice.situation import Situation
from scoring.assemble import account
from scoring.job import Job
from scoring.report.build import REPORT, build
from scoring.report.distributions import EARLIER, Distributions
from scoring.storage import Folder
from scoring.summary import Summary
from scoring.work import Work


def fetch(store: Store, client: SyncPrefectClient, name: str, to: Path | None = None, *, rebuild: bool = False) -> Path:
    """The report of a job that has ended, as a local file; what is there already at `to` is replaced.

    Args:
        store: where the job's datastores are looked up.
        client: the Prefect server's.
        name: the job's name, or its id.
        to: the file; None leaves it where it is, and copies it into this folder where that is a store.
        rebuild: build it even if it is there.
    Returns: the file's path.
    Raises: JobNotFoundError; ConflictError while the job runs, or when it listed no files; UnusableError for a file
        that can't be written; ScoringError when the job's folders can't be read.
    """
    record, job = _ended(store, client, name)
    summary = summary_of(store, job.manifest)
    output = Folder(job.manifest.output)
    place = output if summary is not None and REPORT in summary.written else job.folder
    if rebuild or summary is None or not place.exists(REPORT):  # one of a job that may have gone on is stale
        page = build(job, summary or _account(job, record), output, Distributions.read(job.folder, EARLIER))
        place.write(REPORT, page)
    if to is None and place.is_local:
        return Path(place.at(REPORT))
    target = to or Path(f"report-{record.name}.html")
    try:
        target.write_bytes(place.read(REPORT))
    except OSError as error:
        raise UnusableError(f"{target} cannot be written: {error.strerror or error}") from error
    return target


def advise(store: Store, client: SyncPrefectClient, name: str) -> list[Advice]:
    """What to change for the next job like one that has ended, by its numbers; what saves most time first.

    Raises: JobNotFoundError; ConflictError while the job runs, or when it has no table of its mini-batches.
    """
    record, job = _ended(store, client, name)
    work = Work.of(job.folder)
    if not work.mini_batches:
        raise ConflictError(f"job {record.name!r} has no table of its mini-batches, so nothing can be said about it")
    summary = summary_of(store, job.manifest)
    return advise_on(Situation.of(job, summary.timings if summary is not None else {}, work))


def _ended(store: Store, client: SyncPrefectClient, name: str) -> tuple[Record, Job]:
    record = read(client, name)
    if not record.has_ended:
        raise ConflictError(
            f"job {record.name!r} is {record.status}; its report is there when it has ended: "
            f"batchpoint job stream --name {record.name}"
        )
    manifest = manifest_of(store, record)
    if manifest is None or not (job := Job(manifest)).is_listed:
        raise ConflictError(
            f"job {record.name!r} came to nothing that could be reported; it ended {record.status}: "
            f"{record.state_message}"
        )
    open_datastores(store, manifest.datastores)
    return record, job


def _account(job: Job, record: Record) -> Summary:
    """What a job came to that was ended before it wrote a summary."""
    return account(job, state=record.status, message=record.state_message or "")
