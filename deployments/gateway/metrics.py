"""Numbers about jobs, as Prometheus collects them."""

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import StateType
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric, SummaryMetricFamily
from prometheus_client.registry import Collector

from blocks.errors import BlockError
from blocks.store import Store
from deployments.service import jobs
from deployments.service.job_files import manifest_of, summary_of
from deployments.service.job_records import Job
from flows.runs import OURS
from scoring.errors import ScoringError

MOST_AT_ONCE = 200
"""Jobs whose summaries are read for one answer; it must come within Prometheus' patience."""


@dataclass
class Counts:
    """What the jobs came to that have ended since the gateway began, by endpoint."""

    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    counted: set[str] = field(default_factory=set)
    scored: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    mini_batches: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, store: Store, job: Job) -> None:
        """Count a job, unless it was counted."""
        if not job.has_ended or str(job.id) in self.counted or job.endpoint_name is None:
            return
        if job.end_time is None or job.end_time < self.began:
            return
        self.counted.add(str(job.id))
        try:
            manifest = manifest_of(store, job)
            summary = summary_of(store, manifest) if manifest is not None else None
        except (
            BlockError,
            ScoringError,
        ):  # its store is out of reach: its files stay uncounted, and it is not asked again
            return
        if summary is None:
            return
        endpoint = job.endpoint_name
        self.scored[endpoint] += summary.files.scored
        self.failed[endpoint] += summary.files.failed
        self.mini_batches[endpoint] += summary.mini_batches_done
        self.seconds[endpoint] = self.seconds.get(endpoint, 0.0) + summary.script_seconds


class JobNumbers(Collector):
    """Jobs by state, how many wait, and what those came to that ended."""

    def __init__(self, store: Store, client: SyncPrefectClient, counts: Counts) -> None:
        self._store, self._client, self._counts = store, client, counts

    def collect(self) -> Iterator[Metric]:
        states = GaugeMetricFamily("batchpoint_jobs", "Jobs by the state of their flow run.", labels=["state"])
        for state in StateType:
            states.add_metric([state.value.lower()], self._count(state))
        yield states
        due = FlowRunFilterExpectedStartTime(before_=datetime.now(UTC))
        waiting = self._count(StateType.SCHEDULED, due) + self._count(StateType.PENDING)
        yield GaugeMetricFamily("batchpoint_queue", "Jobs that wait to be started.", value=waiting)
        with self._counts.lock:
            for job in jobs.list_all(self._store, self._client, most=MOST_AT_ONCE):
                self._counts.add(self._store, job)
            yield from self._files()

    def _files(self) -> Iterator[Metric]:
        files = CounterMetricFamily(
            "batchpoint_files", "Files of jobs that ended since the gateway began.", labels=["endpoint", "outcome"]
        )
        seconds = SummaryMetricFamily(
            "batchpoint_mini_batch_seconds", "Seconds that calls of run() took in them.", labels=["endpoint"]
        )
        for endpoint in self._counts.mini_batches:
            files.add_metric([endpoint, "scored"], self._counts.scored[endpoint])
            files.add_metric([endpoint, "failed"], self._counts.failed[endpoint])
            taken, count = self._counts.seconds[endpoint], self._counts.mini_batches[endpoint]
            seconds.add_metric([endpoint], count_value=count, sum_value=taken)
        yield files
        yield seconds

    def _count(self, state: StateType, due: FlowRunFilterExpectedStartTime | None = None) -> int:
        of_state = FlowRunFilterState(type=FlowRunFilterStateType(any_=[state]))
        wanted = FlowRunFilter(state=of_state, expected_start_time=due)
        return self._client.count_flow_runs(flow_filter=OURS, flow_run_filter=wanted)
