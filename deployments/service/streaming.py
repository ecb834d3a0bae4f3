"""A job's news as it happens: log lines, progress and states, read from Prefect's API alone.

Each request costs the server 5 to 10 ms of CPU, and who watches must not slow down what is watched: a look asks for no
more than can be new.
"""

import logging
import math
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId, ArtifactFilterKey
from prefect.client.schemas.objects import State
from prefect.client.schemas.sorting import ArtifactSort

from deployments.service.job_log import JobLog, Line
from deployments.service.job_records import Job
from deployments.service.jobs import Names, read
from flows.progress import KEY
from flows.standing import Standing

POLL_SECONDS = 1.0
OF_WATCHING = 1 / 15
LONGEST_POLL = 5.0
"""Whoever has watched for a minute can wait."""
LOG_SECONDS = 2.0
"""Prefect's log handler sends no more often."""
STATE_SECONDS = 5.0
"""A job whose progress moves has not ended; it may be asked to."""


@dataclass(frozen=True)
class Progress:
    """How far the job is; with all that is known of that, unless an older version of us told it."""

    percent: float
    text: str
    standing: Standing | None = None


News = Line | Progress | Job


def follow(
    client: SyncPrefectClient, name: str, *, level: int = logging.NOTSET, until_now: bool = False
) -> Iterator[News]:
    """What happens to a job until it has ended: first the job, then it again at each change, and last when it ended.

    Args:
        client: the Prefect server's.
        name: the job's name, or its id.
        level: lines of lower levels are left out.
        until_now: tell what has happened by now, and of a job that goes on nothing that comes.
    Raises: JobNotFoundError.
    """
    began = time.monotonic()
    endpoints: Names = {}
    job = read(client, name, endpoints)
    yield job
    since = retried_at(client.read_flow_run_states(job.id))
    log, progress = JobLog(client, job.id, since, level), _ProgressOf(client, job.id, since)
    log_due, state_due = _Every(LOG_SECONDS), _Every(STATE_SECONDS, last=began)
    while not job.has_ended:
        moved = progress.new() if job.has_begun else None
        if job.has_begun and log_due():
            yield from log.new()
        if moved is not None:
            yield moved
        if until_now:
            return
        if state_due() or moved is None or moved.percent >= 100:
            before, job = job, read(client, str(job.id), endpoints)
            if not job.has_ended and (job.status, job.state) != (before.status, before.state):
                yield job
        if not job.has_ended:
            time.sleep(min(LONGEST_POLL, max(POLL_SECONDS, (time.monotonic() - began) * OF_WATCHING)))
    yield from log.rest(job)
    if (moved := progress.new()) is not None:
        yield moved
    yield job


def retried_at(states: Iterable[State]) -> datetime | None:
    """When a flow run left its last final state, as a Retry has it do; None for one that never did.

    What it told before that was told to whoever followed it then.
    """
    in_order = sorted(states, key=lambda state: state.timestamp)
    left = (after.timestamp for state, after in pairwise(in_order) if state.is_final() and not after.is_final())
    return max(left, default=None)


class _Every:
    """Says whether something is due, which is then taken as done: once in so many seconds."""

    def __init__(self, seconds: float, last: float = -math.inf) -> None:
        self._seconds = seconds
        self._last = last

    def __call__(self) -> bool:
        now = time.monotonic()
        is_due = now - self._last >= self._seconds
        if is_due:
            self._last = now
        return is_due


class _ProgressOf:
    """The progress artifact of a flow run; what was drawn before `begin` is left out."""

    def __init__(self, client: SyncPrefectClient, run: UUID, begin: datetime | None) -> None:
        self._begin = begin
        self._client = client
        self._filter = ArtifactFilter(
            flow_run_id=ArtifactFilterFlowRunId(any_=[run]), key=ArtifactFilterKey(any_=[KEY])
        )
        self._last: Progress | None = None

    def new(self) -> Progress | None:
        """The progress, when it has changed. A job that was retried has several; the latest one counts."""
        found = self._client.read_artifacts(artifact_filter=self._filter, sort=ArtifactSort.UPDATED_DESC, limit=1)
        for artifact in found:
            if self._begin is not None and artifact.updated is not None and artifact.updated < self._begin:
                continue
            standing = Standing.from_metadata(artifact.metadata_) if artifact.metadata_ else None
            now = Progress(float(str(artifact.data)), artifact.description or "", standing)
            if now != self._last:
                self._last = now
                return now
        return None
