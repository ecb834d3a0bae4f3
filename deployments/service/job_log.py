"""A job's log lines as they come to Prefect's server."""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import LogFilter, LogFilterFlowRunId, LogFilterLevel, LogFilterTimestamp
from prefect.client.schemas.objects import Log
from prefect.client.schemas.sorting import LogSort

from deployments.service.job_records import Job
from flows.logs import VERDICT

PAGE = 200
OVERLAP = timedelta(seconds=0.5)
"""Threads of one process hand their lines over in nearly the order of their times."""
WIDE_OVERLAP = timedelta(seconds=10)
"""Lines are sent in batches by several processes, so one may come after later ones: look back that far ..."""
WIDE_SECONDS = 10.0
"""... as often; to read 200 lines again costs the server 35 ms of CPU."""
QUIET_SECONDS = 1.5
"""A job that was killed may have sent its last lines a moment later; no new line for that long means that all came."""
LAST_SECONDS = 6.0
LONG_AGO = timedelta(minutes=1)
"""More than that, and what two machines' clocks differ by."""
REST_POLL = 0.5
ROUTINE = {"prefect.flow_runs.worker", "prefect.task_runs", "prefect.task_runner.slot"}
"""Loggers that tell how Prefect runs a job: how its process was started, and that each task run ended well."""
OF_FLOW = "prefect.flow_runs"
FINAL_STATE = "Finished in state "


@dataclass(frozen=True)
class Line:
    """A line of the job's log."""

    at: datetime
    level: int
    text: str


class JobLog:
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
        self._looked_wide = time.monotonic()

    def new(self) -> Iterator[Line]:
        """Lines that were not there before."""
        if time.monotonic() - self._looked_wide >= WIDE_SECONDS:
            yield from self._all_new()
        else:
            yield from self._new(OVERLAP)

    def rest(self, job: Job) -> Iterator[Line]:
        """What was not told of a job that has ended; a flow that comes to its end has sent all that it logged."""
        yield from self._all_new()
        is_long_ago = job.end_time is not None and datetime.now(UTC) - job.end_time > LONG_AGO
        if job.status == "Completed" or is_long_ago:
            return
        deadline = time.monotonic() + LAST_SECONDS
        quiet_since = time.monotonic()
        while time.monotonic() < min(deadline, quiet_since + QUIET_SECONDS):
            time.sleep(REST_POLL)
            for line in self._new(OVERLAP):
                quiet_since = time.monotonic()
                yield line
        yield from self._all_new()

    def _all_new(self) -> Iterator[Line]:
        """Those too that came after later ones."""
        yield from self._new(WIDE_OVERLAP)
        self._looked_wide = time.monotonic()
        if self._since is not None:
            self._seen = {key: at for key, at in self._seen.items() if at >= self._since - 2 * WIDE_OVERLAP}

    def _new(self, overlap: timedelta) -> Iterator[Line]:
        wanted = self._filter(self._after(overlap))
        offset = 0
        while page := self._client.read_logs(wanted, limit=PAGE, offset=offset, sort=LogSort.TIMESTAMP_ASC):
            for log in page:
                if log.id not in self._seen:
                    self._remember(log.id, log.timestamp)
                    if _is_of_interest(log):
                        yield Line(log.timestamp, log.level, log.message)
            if len(page) < PAGE:
                break
            offset += PAGE

    def _after(self, overlap: timedelta) -> datetime | None:
        """Nothing older is wanted."""
        if self._since is None:
            return self._begin
        looked_back = self._since - overlap
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
    """Whether a line is about the job rather than about how Prefect runs it; how it ended is told by its state."""
    if log.name == f"{OF_FLOW}.{VERDICT}" or (log.name == OF_FLOW and log.message.startswith(FINAL_STATE)):
        return False
    return log.name not in ROUTINE or log.level >= logging.WARNING
