"""Spans and metrics of a job for OpenTelemetry: off, and nothing of it imported, unless OTEL_* variables ask for it."""

import logging
import os
import threading
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from scoring.facts import Facts
from scoring.job import Job
from scoring.stages import Stages

if TYPE_CHECKING:
    from scoring.spans import Exporting

ASKED_BY = (
    "OTEL_TRACES_EXPORTER",
    "OTEL_METRICS_EXPORTER",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
)
OFF = ("", "none")
Tried = tuple[Facts, float]
"""A mini-batch's facts after a try, and when that ended, in seconds since 1970."""

log = logging.getLogger(__name__)
_lock = threading.Lock()


def is_asked_for() -> bool:
    """Whether the standard variables name somebody to tell, and do not forbid it."""
    is_forbidden = os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    return not is_forbidden and any(os.environ.get(name, "").strip().lower() not in OFF for name in ASKED_BY)


def tell_of_tries(job: Job, tries: Sequence[Tried]) -> None:
    """Emit a span for each try of a mini-batch, with its own times, and count its files."""
    exporting = _exporting() if tries else None
    if exporting is not None:
        exporting.tell_of_tries(job, tries)


def tell_of_job(job: Job, stages: Stages, said: str, *, is_good: bool) -> None:
    """Emit the job's span, which began with its first stage and ends now, and wait some seconds until all is sent."""
    exporting = _exporting() if is_asked_for() else None
    if exporting is not None:
        exporting.tell_of_job(job, stages, said, is_good=is_good)


def flush() -> None:
    """Have what there is sent, and wait for that some seconds at most; where a process has done its share of a job."""
    exporting = _exporting() if is_asked_for() else None
    if exporting is not None:
        exporting.flush()


def _exporting() -> "Exporting | None":
    """The way out of this process, which all its slots share; None where the extra is not installed."""
    with _lock:
        return _made()


@cache
def _made() -> "Exporting | None":
    try:
        from scoring.spans import Exporting

        exporting = Exporting.from_environment()
    except ImportError as error:
        log.warning(
            "OTEL_* variables ask for spans and metrics, which need pip install 'batchpoint[opentelemetry]': %s", error
        )
        return None
    return exporting
