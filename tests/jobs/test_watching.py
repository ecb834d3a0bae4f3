"""How a job's news looks where there is no terminal."""

import logging
from datetime import UTC, datetime, timedelta
from uuid import UUID

import click
import pytest
from prefect.client.schemas.objects import State
from prefect.states import AwaitingRetry, Failed, Pending, Running

from deployments.cli.ages import Age
from deployments.cli.following import exit_code
from deployments.cli.web import open_page
from deployments.service.job_log import Line
from deployments.service.job_records import CreationContext, Job, Link
from deployments.service.streaming import Progress, retried_at
from deployments.watching import log_line, watch

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


@pytest.mark.parametrize(
    ("status", "state", "code"),
    [
        ("Completed", "Completed", 0),
        ("Completed", "CompletedWithErrors", 3),
        ("Failed", "Failed", 1),
        ("Failed", "Crashed", 1),
        ("Canceled", "Cancelled", 4),
    ],
)
def test_the_exit_code_says_how_a_job_ended(status: str, state: str, code: int) -> None:
    assert exit_code(JOB.model_copy(update={"status": status, "state": state})) == code


def test_news_beside_a_result_go_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    watch(iter([JOB, Line(NOON, logging.INFO, "a line"), Progress(50.0, "half"), ENDED]), err=True)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.splitlines()[-2] == "Completed: 9 files scored"


def test_the_link_of_a_page_is_printed_where_there_is_no_browser(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    open_page(JOB)
    assert capsys.readouterr().err == "Web view: http://here/run\n"


def test_a_job_that_was_retried_began_when_it_left_its_last_end() -> None:
    def at(second: int, state: State) -> State:
        return state.model_copy(update={"timestamp": NOON + timedelta(seconds=second)})

    once = [at(0, Pending()), at(1, Running()), at(2, Failed())]
    twice = [
        *once,
        at(5, AwaitingRetry()),
        at(6, Running()),
        at(7, Failed()),
        at(9, AwaitingRetry()),
        at(10, Running()),
    ]
    assert retried_at(once) is None
    assert retried_at(reversed(twice)) == NOON + timedelta(seconds=9)


@pytest.mark.parametrize(("typed", "hours"), [("30d", 720), ("12H", 12), ("2w", 336), ("90m", 1.5), ("0d", 0)])
def test_an_age_is_a_number_and_a_unit(typed: str, hours: float) -> None:
    assert Age().convert(typed, None, None) == timedelta(hours=hours)


@pytest.mark.parametrize("typed", ["30", "d", "-1d", "1.5d", "30 days", "1y", ""])
def test_another_age_is_refused_with_one_that_can_be_typed(typed: str) -> None:
    with pytest.raises(click.BadParameter, match="is no age; write 30d for 30 days, or 90m, 12h, 2w"):
        Age().convert(typed, None, None)
