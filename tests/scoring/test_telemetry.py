"""Spans and metrics for OpenTelemetry: of a job and each try of a mini-batch, with their own times; off by default."""

import json
import subprocess
import sys
import time

import pytest
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import scoring
from scoring import telemetry
from scoring.spans import Exporting
from tests.scoring.conftest import SCRIPTS, write_files

NANO = 1e9
SCORE = """
import sys, scoring
summary = scoring.score(script=sys.argv[1], inputs=sys.argv[2], output=sys.argv[3], settings={"mini_batch_size": 1})
assert summary.state == "Completed", summary
print("imported", [name for name in sys.modules if name.startswith("opentelemetry.sdk")], file=sys.stderr)
"""


@pytest.fixture
def told(monkeypatch):
    """Where spans and metrics of this process go."""
    spans, metrics = InMemorySpanExporter(), InMemoryMetricReader()
    exporting = Exporting([SimpleSpanProcessor(spans)], [metrics])
    monkeypatch.setattr(telemetry, "_made", lambda: exporting)
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "console")
    return spans, metrics


def score_apart(tmp_path, monkeypatch, **variables):
    """Score two files in a process of its own, which has these OTEL_ variables."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    inputs = write_files(tmp_path / "in", ["0", "1"])
    arguments = [str(SCRIPTS / "ok.py"), str(inputs), str(tmp_path / "out")]
    done = subprocess.run([sys.executable, "-c", SCORE, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done


def totals(metrics):
    """The last value of each metric, summed over its attributes; of a histogram how many values it has."""
    [scope] = metrics.get_metrics_data().resource_metrics[0].scope_metrics
    return {
        metric.name: sum(point.count if hasattr(point, "count") else point.value for point in metric.data.data_points)
        for metric in scope.metrics
    }


def test_a_job_has_a_span_with_one_for_each_try_of_a_mini_batch_below_it(score_with, told):
    began = time.time()
    score_with("sleeps.py", files=2, variables={"SECONDS": "0.1"})
    *tries, job = sorted(told[0].get_finished_spans(), key=lambda span: span.end_time)
    assert [span.name for span in tries] == ["mini-batch 0", "mini-batch 1"]
    assert job.name.startswith("job of ")
    assert job.parent is None
    assert {span.parent.span_id for span in tries} == {job.context.span_id}
    assert {span.context.trace_id for span in tries} == {job.context.trace_id}
    for span in tries:
        assert 0.1 * NANO <= span.end_time - span.start_time < 5 * NANO
        assert began * NANO - 1e6 <= job.start_time <= span.start_time < span.end_time <= job.end_time
    assert [event.name for event in job.events] == ["merge ended", "score ended", "list ended"]
    assert job.status.is_ok


def test_a_job_that_comes_to_no_output_lasts_until_it_ends_not_until_its_last_stage_did(told, tmp_path, monkeypatch):
    monkeypatch.setenv("SECONDS", "0.1")
    inputs = write_files(tmp_path / "in", ["0", "1", "2"])

    def give_up(news):
        raise RuntimeError(f"enough after {news.mini_batch}")

    with pytest.raises(RuntimeError, match="enough after 0"):
        scoring.score(
            script=SCRIPTS / "sleeps.py",
            inputs=inputs,
            output=tmp_path / "out",
            settings={"mini_batch_size": 1},
            on_news=give_up,
        )
    first, *_, job = sorted(told[0].get_finished_spans(), key=lambda span: span.end_time)
    assert (first.name, job.name[:7]) == ("mini-batch 0", "job of ")
    assert (job.status.is_ok, job.status.description) == (False, "RuntimeError: enough after 0")


def test_failed_tries_say_why_and_files_are_counted_once(score_with, told, tmp_path):
    (tmp_path / "seen").mkdir()
    names = ["0", "1-once", "2-raise", "3"]
    score_with("poisoned.py", names, size=2, max_retries=1, variables={"SEEN": str(tmp_path / "seen")})
    spans = {(span.name, span.attributes.get("batchpoint.try")): span for span in told[0].get_finished_spans()}
    assert spans["mini-batch 0", 1].attributes["error.type"] == "ConnectionError"
    assert not spans["mini-batch 0", 1].status.is_ok
    assert "error.type" not in spans["mini-batch 0", 2].attributes
    assert spans["mini-batch 1", 2].attributes["batchpoint.files.failed"] == 1
    assert totals(told[1]) == {
        "batchpoint.mini_batch.duration": 4,
        "batchpoint.files.scored": 3,
        "batchpoint.files.failed": 1,
    }


def test_without_the_variables_nothing_of_it_is_imported(tmp_path, monkeypatch):
    done = score_apart(tmp_path, monkeypatch)
    assert (done.stdout, done.stderr.splitlines()[-1]) == ("", "imported []")


def test_the_standard_variables_choose_where_it_goes(tmp_path, monkeypatch):
    done = score_apart(tmp_path, monkeypatch, OTEL_TRACES_EXPORTER="console", OTEL_SERVICE_NAME="ours")
    decoder, text, spans = json.JSONDecoder(), done.stdout, []
    while text.strip():
        span, end = decoder.raw_decode(text.lstrip())
        spans.append(span)
        text = text.lstrip()[end:]
    assert [span["name"] for span in spans][:2] == ["mini-batch 0", "mini-batch 1"]
    assert {span["resource"]["attributes"]["service.name"] for span in spans} == {"ours"}


def test_a_job_goes_well_where_the_exporter_is_not_installed_and_says_what_to_type(tmp_path, monkeypatch):
    done = score_apart(tmp_path, monkeypatch, OTEL_TRACES_EXPORTER="pigeon")
    assert "pip install 'batchpoint[opentelemetry]': no exporter 'pigeon' of traces is installed" in done.stderr


@pytest.mark.parametrize(
    ("variables", "is_asked"),
    [
        ({}, False),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({"OTEL_METRICS_EXPORTER": "console"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, True),
        ({"OTEL_TRACES_EXPORTER": "none"}, False),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_SDK_DISABLED": "true"}, False),
    ],
)
def test_it_is_on_where_the_standard_variables_say_so(monkeypatch, variables, is_asked):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert telemetry.is_asked_for() == is_asked
