"""Deleting jobs: their flow runs, and their folders with parts, logs and results. Nothing that is needed goes."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId
from prefect.exceptions import ObjectNotFound
from pydantic import BaseModel

from blocks.schedules import Schedule
from blocks.specs import Data, Spec
from blocks.store import Store
from deployments.service.errors import ConflictError
from deployments.service.job_files import folder_of, manifest_of
from deployments.service.job_records import Job, record
from deployments.service.jobs import list_all, read
from flows.runs import find_run
from scoring.base import needs_base

ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
POINTING: tuple[type[Spec], ...] = (Data, Schedule)
"""Kinds of registered things whose paths may lie in a job's folder."""


class Removed(BaseModel):
    """A job that is no more."""

    name: str
    id: UUID
    freed_bytes: int
    output: str | None
    """Where its output stays, if it left any, when that is not in the job's own folder."""


class Kept(BaseModel):
    """A job that is old enough to go and stays."""

    name: str
    id: UUID
    needed_by: str


class Pruned(BaseModel):
    """What became of old jobs."""

    deleted: list[Removed]
    kept: list[Kept]
    freed_bytes: int


class Plan(BaseModel):
    """Which jobs are to go."""

    going: list[Job]
    kept: list[Kept]


def delete(store: Store, client: SyncPrefectClient, name: str) -> Removed:
    """Delete a job that has ended.

    Raises: JobNotFoundError; ConflictError while it runs, or when something stands on what it made.
    """
    job = read(client, name)
    _check_ended(job)
    needed = _needs(store, (each for each in list_all(store, client, most=None) if each.id != job.id))
    if job.id in needed:
        raise ConflictError(f"job {job.name!r} is needed by {needed[job.id]}, which refers to its folder")
    return _remove(store, client, job)


def plan(store: Store, client: SyncPrefectClient, older_than: timedelta) -> Plan:
    """Which jobs ended longer ago than that and are needed by none that stays; the newest first."""
    before = datetime.now(UTC) - older_than
    going: list[Job] = []
    kept: list[Kept] = []
    needed = _needs(store, ())
    # A job can stand on earlier ones only, so that when one is looked at all that may need it have been.
    for job in list_all(store, client, most=None):
        if _is_old(job, before) and job.id not in needed:
            going.append(job)
            continue
        if _is_old(job, before):
            kept.append(Kept(name=job.name, id=job.id, needed_by=needed[job.id]))
        needed |= dict.fromkeys(_mentioned(store, job), f"job {job.name!r}")
    return Plan(going=going, kept=kept)


def prune(store: Store, client: SyncPrefectClient, planned: Plan) -> Pruned:
    """Delete the jobs of a plan, but for those that were started again meanwhile."""
    deleted = [_remove(store, client, job) for job in planned.going if _is_at_rest(client, job)]
    return Pruned(deleted=deleted, kept=planned.kept, freed_bytes=sum(each.freed_bytes for each in deleted))


def _is_old(job: Job, before: datetime) -> bool:
    last = job.end_time or job.creation_context.created_at
    return job.has_ended and last is not None and last < before


def _is_at_rest(client: SyncPrefectClient, job: Job) -> bool:
    run = find_run(client, str(job.id))
    return run is not None and record(run, job.endpoint_name).has_ended


def _check_ended(job: Job) -> None:
    if not job.has_ended:
        raise ConflictError(
            f"job {job.name!r} is {job.status}; cancel it first: batchpoint job cancel --name {job.name}"
        )


def _remove(store: Store, client: SyncPrefectClient, job: Job) -> Removed:
    """The folder goes first: while the flow run is there, a deletion that was cut short can be typed again."""
    folder, manifest = folder_of(store, job), manifest_of(store, job)
    output = manifest.output if manifest is not None else None
    is_inside = output is not None and folder is not None and output.startswith(f"{folder.url}/")
    freed = folder.remove_all() if folder is not None else 0
    for artifact in client.read_artifacts(
        artifact_filter=ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[job.id]))
    ):
        client.delete_artifact(artifact.id)
    try:
        client.delete_flow_run(job.id)
    except ObjectNotFound:  # somebody else deleted it meanwhile
        freed = 0
    return Removed(name=job.name, id=job.id, freed_bytes=freed, output=None if is_inside else output)


def _needs(store: Store, jobs: Iterable[Job]) -> dict[UUID, str]:
    """Which jobs are needed, each with what needs it: registered things and other jobs that refer to its folder."""
    needed = {
        each: f"{spec.word} {spec.key[0]!r}"
        for kind in POINTING
        for spec in store.list(kind)
        for each in _ids(spec.model_dump_json())
    }
    return needed | {each: f"job {job.name!r}" for job in jobs for each in _mentioned(store, job)}


def _mentioned(store: Store, job: Job) -> set[UUID]:
    """Every id that a job names, as in the path of its input, but for its own."""
    manifest = manifest_of(store, job)
    needs = manifest is not None and needs_base(manifest)
    resolved = manifest.model_dump_json(exclude=set() if needs else {"base"}) if manifest is not None else ""
    texts = [job.input or "", resolved]
    return {each for text in texts for each in _ids(text)} - {job.id}


def _ids(text: str) -> set[UUID]:
    return {UUID(each) for each in ID.findall(text)}
