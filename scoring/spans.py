"""Spans and metrics as OpenTelemetry's SDK sends them. Imported only where they are asked for: see telemetry."""

import hashlib
import os
import threading
import time
from collections.abc import Sequence
from importlib.metadata import entry_points
from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.trace import NonRecordingSpan, SpanContext, Status, StatusCode, TraceFlags, set_span_in_context

from scoring.facts import Facts
from scoring.job import Job
from scoring.stages import Stages

SENT_WITHIN = 5.0  # seconds that the end of a job waits for what is not sent yet
QUEUED = "65536"  # spans at most: those of a chunk come all at once, and the SDK would keep 2,048 of them
NANO = 1_000_000_000


class Exporting:
    """A process's way out for spans and metrics."""

    def __init__(self, processors: Sequence[SpanProcessor], readers: Sequence[MetricReader]) -> None:
        """Begin with nothing sent; `processors` and `readers` are the SDK's, and take what there is."""
        resource = Resource.create({"service.name": os.environ.get("OTEL_SERVICE_NAME", "batchpoint")})
        self._ids = _Ids()
        # What is not sent when a process ends is not waited for: a collector that is gone must not keep a job.
        self._tracers = TracerProvider(resource=resource, id_generator=self._ids, shutdown_on_exit=False)
        for processor in processors:
            self._tracers.add_span_processor(processor)
        self._meters = MeterProvider(readers, resource=resource, shutdown_on_exit=False)
        self._tracer = self._tracers.get_tracer("batchpoint")
        meter = self._meters.get_meter("batchpoint")
        self._seconds = meter.create_histogram(
            "batchpoint.mini_batch.duration", "s", "Of the calls of run() in one try of a mini-batch."
        )
        self._scored = meter.create_counter("batchpoint.files.scored", "{file}", "Files that were scored.")
        self._failed = meter.create_counter("batchpoint.files.failed", "{file}", "Files that were given up.")

    @classmethod
    def from_environment(cls) -> "Exporting":
        """As the standard variables say. Raises: ImportError when an exporter they name is not installed."""
        spans, metrics = _exporter("traces"), _exporter("metrics")
        queued = int(os.environ.get("OTEL_BSP_MAX_QUEUE_SIZE", QUEUED))
        return cls(
            [BatchSpanProcessor(spans, max_queue_size=queued)] if spans is not None else [],
            [PeriodicExportingMetricReader(metrics)] if metrics is not None else [],
        )

    def tell_of_tries(self, job: Job, tries: Sequence[tuple[Facts, float]]) -> None:
        """A span for each try of a mini-batch, from when its slot turned to it to its end; and what it came to."""
        context = set_span_in_context(NonRecordingSpan(self._root(job)))
        named = {"endpoint": job.manifest.endpoint, "deployment": job.manifest.deployment}
        for facts, end in tries:
            self._tell_of_try(facts, end, context)
            failed = len(facts.failed) if facts.is_final else 0
            self._seconds.record(facts.seconds + facts.failed_seconds, named)
            self._scored.add(facts.scored if facts.is_final else 0, named)
            self._failed.add(failed, named)

    def _tell_of_try(self, facts: Facts, end: float, context: Context) -> None:
        span = self._tracer.start_span(
            f"mini-batch {facts.mini_batch}",
            context,
            attributes={
                "batchpoint.mini_batch": facts.mini_batch,
                "batchpoint.slot": facts.slot,
                "batchpoint.try": facts.tries,
                "batchpoint.files": facts.files,
                "batchpoint.files.failed": len(facts.failed),
                "batchpoint.seconds.waiting": facts.wait_seconds,
                "batchpoint.seconds.fetching": facts.fetch_seconds,
                "batchpoint.seconds.scoring": facts.seconds + facts.failed_seconds,
            },
            start_time=int(facts.began * NANO),
        )
        if facts.faults:
            span.set_attribute("error.type", facts.faults[0].error)
            span.set_status(Status(StatusCode.ERROR, str(facts.faults[0])))
        span.end(int(end * NANO))

    def tell_of_job(self, job: Job, stages: Stages, said: str, *, is_good: bool) -> None:
        """The job's own span, with an event for each stage's end; returns when all is sent, as flush() does."""
        ends, now = stages.ends(), time.time()
        began = min((end - seconds for end, seconds in ends.values()), default=now)
        manifest = job.manifest
        self._ids.job = self._root(job)
        try:
            span = self._tracer.start_span(
                f"job of {manifest.endpoint or manifest.script}",
                Context(),
                attributes={
                    "batchpoint.job": manifest.job,
                    "batchpoint.endpoint": manifest.endpoint,
                    "batchpoint.deployment": manifest.deployment,
                },
                start_time=int(began * NANO),
            )
        finally:
            self._ids.job = None
        for stage, (end, seconds) in ends.items():
            span.add_event(f"{stage} ended", {"batchpoint.seconds": seconds}, int(end * NANO))
        span.set_status(Status(StatusCode.OK if is_good else StatusCode.ERROR, None if is_good else said))
        span.end(int(now * NANO))
        self.flush()

    def flush(self) -> None:
        """Have what there is sent, and wait for that some seconds at most."""
        sending = threading.Thread(target=self._flush, name="send-spans", daemon=True)
        sending.start()
        sending.join(SENT_WITHIN)

    def _flush(self) -> None:
        self._tracers.force_flush()
        self._meters.force_flush()

    def _root(self, job: Job) -> SpanContext:
        """What the job's own span is called by: whoever scores for the job knows it without being told."""
        digest = hashlib.sha256(f"{job.manifest.job} {job.generation}".encode()).digest()
        trace = int.from_bytes(digest[:16])
        is_sampled = self._tracers.sampler.should_sample(None, trace, "job").decision != Decision.DROP
        flags = TraceFlags(TraceFlags.SAMPLED if is_sampled else TraceFlags.DEFAULT)
        return SpanContext(trace, int.from_bytes(digest[16:24]), is_remote=True, trace_flags=flags)


class _Ids(RandomIdGenerator):
    """Random ids, but for a job's own span."""

    job: SpanContext | None = None

    def generate_span_id(self) -> int:
        return self.job.span_id if self.job is not None else super().generate_span_id()

    def generate_trace_id(self) -> int:
        return self.job.trace_id if self.job is not None else super().generate_trace_id()


def _exporter(signal: str) -> Any:
    """The exporter of traces or metrics that the standard variables name, or None.

    Where none is named it is OTLP if an endpoint for that is.
    """
    name = os.environ.get(f"OTEL_{signal.upper()}_EXPORTER", "").strip().lower()
    if not name and any(os.environ.get(f"OTEL_EXPORTER_OTLP_{kind}ENDPOINT") for kind in ("", f"{signal.upper()}_")):
        name = "otlp"
    if name in ("", "none"):
        return None
    if name == "otlp":
        asked = os.environ.get("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
        name = "otlp_proto_grpc" if asked == "grpc" else "otlp_proto_http"
    for found in entry_points(group=f"opentelemetry_{signal}_exporter", name=name):
        return found.load()()
    raise ImportError(f"no exporter {name!r} of {signal} is installed")
