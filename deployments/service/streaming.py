"""A job's news as it happens: log lines, progress and states, read from Prefect's API alone."""

import logging
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    ArtifactFilterKey,
    LogFilter,
    LogFilterFlowRunId,
    LogFilterLevel,
    LogFilterTimestamp,
)
from prefect.client.schemas.objects import Log, State
from prefect.client.schemas.sorting import ArtifactSort, LogSort

from deployments.service.job_records import Job
from deployments.service.jobs import Names, read
from flows.progress import KEY
from flows.standing import Standing

POLL_SECONDS = 1.0
OF_WATCHING = 1 / 15
LONGEST_POLL = 5.0
"""Each look costs the server some 40 ms of CPU, 2 % of two busy cores: whoever has watched for a minute can wait."""
LOG_PAGE = 200
OVERLAP = timedelta(seconds=10)
"""Log lines are sent in batches by several senders, so one may arrive after a later one: look back that far."""
QUIET_SECONDS = 1.5
"""A job that has ended sends its last lines a moment later; no new line for that long means that all are there."""
LAST_SECONDS = 6.0
ROUTINE = {"prefect.flow_runs.worker", "prefect.task_runs", "prefect.task_runner.slot"}
"""Loggers that tell how Prefect runs a job: how its process was started, and that each task run ended well."""


@dataclass(frozen=True)
class Line:
    """A line of the job's log."""

    at: datetime
    level: int
    text: str


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
    logs, progress = _Logs(client, job.id, since, level), _ProgressOf(client, job.id, since)
    while not job.has_ended:
        yield from logs.new()
        yield from progress.new()
        if until_now:
            return
        time.sleep(min(LONGEST_POLL, max(POLL_SECONDS, (time.monotonic() - began) * OF_WATCHING)))
        before, job = job, read(client, str(job.id), endpoints)
        if not job.has_ended and (job.status, job.state) != (before.status, before.state):
            yield job
    yield from (line for line in logs.last() if line.text != job.state_message)  # which whoever follows tells as well
    yield from progress.new()
    yield job


def retried_at(states: Iterable[State]) -> datetime | None:
    """When a flow run left its last final state, as a Retry has it do; None for one that never did.

    What it told before that was told to whoever followed it then.
    """
    in_order = sorted(states, key=lambda state: state.timestamp)
    left = (after.timestamp for state, after in pairwise(in_order) if state.is_final() and not after.is_final())
    return max(left, default=None)


class _Logs:
    """Log lines of a flow run and its task runs, each once, in the order in which they can be had.

    Args:
        client: the Prefect server's.
        run: the flow run's id.
        begin: when the first line of interest may have been told; None is the flow run's beginning.
        level: the lowest of interest.
    """

    def __init__(self, client: SyncPrefectClient, run: UUID, begin: datetime | None, level: int) -> None:
        self._client = client
        self._level = LogFilterLevel(ge_=level) if level else None
        self._run = run
        self._begin = begin
        self._seen: dict[UUID, datetime] = {}
        self._since: datetime | None = None

    def new(self) -> Iterator[Line]:
        """Lines that were not there before."""
        wanted = self._filter(self._after())
        offset = 0
        while page := self._client.read_logs(wanted, limit=LOG_PAGE, offset=offset, sort=LogSort.TIMESTAMP_ASC):
            for log in page:
                if log.id not in self._seen:
                    self._remember(log.id, log.timestamp)
                    if _is_of_interest(log):
                        yield Line(log.timestamp, log.level, log.message)
            if len(page) < LOG_PAGE:
                break
            offset += LOG_PAGE
        if self._since is not None:
            self._seen = {key: at for key, at in self._seen.items() if at >= self._since - 2 * OVERLAP}

    def last(self) -> Iterator[Line]:
        """What still comes once the job has ended."""
        deadline = time.monotonic() + LAST_SECONDS
        quiet_since = time.monotonic()
        while time.monotonic() < min(deadline, quiet_since + QUIET_SECONDS):
            for line in self.new():
                quiet_since = time.monotonic()
                yield line
            time.sleep(0.25)

    def _after(self) -> datetime | None:
        """Nothing older is wanted."""
        if self._since is None:
            return self._begin
        looked_back = self._since - OVERLAP
        return max(looked_back, self._begin) if self._begin is not None else looked_back

    def _filter(self, since: datetime | None) -> LogFilter:
        return LogFilter(
            flow_run_id=LogFilterFlowRunId(any_=[self._run]),
            level=self._level,
            timestamp=LogFilterTimestamp(after_=since) if since is not None else None,
        )

    def _remember(self, key: UUID, at: datetime) -> None:
        self._seen[key] = at
        self._since = at if self._since is None else max(self._since, at)


def _is_of_interest(log: Log) -> bool:
    """Whether a line is about the job rather than about how Prefect runs it."""
    return log.name not in ROUTINE or log.level >= logging.WARNING


class _ProgressOf:
    """The progress artifact of a flow run; what was drawn before `begin` is left out."""

    def __init__(self, client: SyncPrefectClient, run: UUID, begin: datetime | None) -> None:
        self._begin = begin
        self._client = client
        self._filter = ArtifactFilter(
            flow_run_id=ArtifactFilterFlowRunId(any_=[run]), key=ArtifactFilterKey(any_=[KEY])
        )
        self._last: Progress | None = None

    def new(self) -> Iterator[Progress]:
        """The progress, when it has changed. A job that was retried has several; the latest one counts."""
        found = self._client.read_artifacts(artifact_filter=self._filter, sort=ArtifactSort.UPDATED_DESC, limit=1)
        for artifact in found:
            if self._begin is not None and artifact.updated is not None and artifact.updated < self._begin:
                continue
            standing = Standing.from_metadata(artifact.metadata_) if artifact.metadata_ else None
            now = Progress(float(str(artifact.data)), artifact.description or "", standing)
            if now != self._last:
                self._last = now
                yield now
