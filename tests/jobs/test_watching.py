"""How a job's news looks where there is no terminal."""

import logging
from datetime import UTC, datetime
from uuid import UUID

import pytest

from deployments.cli.watching import log_line, watch
from deployments.service.job_records import CreationContext, Job, Link
from deployments.service.streaming import Line, Progress

JOB = Job(
    name="friday",
    id=UUID("00000000-0000-4000-8000-000000000001"),
    display_name="friday",
    status="Queued",
    state="Scheduled",
    state_message=None,
    endpoint_name="mnist",
    deployment_name="torch",
    input="/data",
    output="/out",
    creation_context=CreationContext(created_at=None),
    start_time=None,
    end_time=None,
    services={"Studio": Link(endpoint="http://here/run")},
)
ENDED = JOB.model_copy(update={"status": "Completed", "state": "Completed", "state_message": "9 files scored"})
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_news_come_as_plain_lines_and_end_with_the_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    running = JOB.model_copy(update={"status": "Running", "state": "Running"})
    news = [JOB, running, Line(NOON, logging.INFO, "a [b]line[/b]"), Progress(50.0, "4 of 8 files, 0 failed"), ENDED]
    assert watch(iter(news)) == ENDED
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if not line.endswith("a [b]line[/b]")] == [
        "Job friday on mnist / torch",
        "Web view: http://here/run",
        "Status: Queued",
        "Status: Running",
        " 50 % 4 of 8 files, 0 failed",
        "Completed: 9 files scored",
        "to fetch it: batchpoint job download --name friday --output-name score",
    ]


def test_a_line_shows_its_level_where_someone_should_look() -> None:
    assert log_line(Line(NOON, logging.INFO, "fine")).endswith(" fine")
    assert log_line(Line(NOON, logging.ERROR, "not fine")).endswith(" ERROR not fine")


def test_a_failed_job_ends_with_its_cause(capsys: pytest.CaptureFixture[str]) -> None:
    failed = JOB.model_copy(
        update={"status": "Failed", "state": "Failed", "state_message": "init() failed: no weights"}
    )
    watch(iter([failed]))
    assert capsys.readouterr().out.splitlines()[-1] == "Failed: init() failed: no weights"
