"""A job's log is told line by line, each once, whatever order the lines come in, on the session's real server."""

import logging
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import LogCreate

from deployments.embedded import Connection
from deployments.service import job_log
from deployments.service.job_log import JobLog
from tests.jobs.test_watching import ENDED

pytestmark = pytest.mark.server
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LONG_AGO = ENDED.model_copy(update={"end_time": NOON})


@pytest.fixture
def client(server: Connection) -> SyncPrefectClient:
    return get_client(sync_client=True)


class Sender:
    """Sends lines of a flow run that is nobody's."""

    def __init__(self, client: SyncPrefectClient) -> None:
        self.client = client
        self.run: UUID = uuid4()

    def send(self, second: float, text: str, level: int = logging.INFO, name: str = "scoring.script") -> None:
        at = NOON + timedelta(seconds=second)
        line = LogCreate(name=name, level=level, message=text, timestamp=at, flow_run_id=self.run)
        self.client.create_logs([line])

    def log(self, begin: datetime | None = None, level: int = logging.NOTSET) -> JobLog:
        return JobLog(self.client, self.run, begin, level)


@pytest.fixture
def sender(client: SyncPrefectClient) -> Sender:
    return Sender(client)


def test_each_line_is_told_once(sender: Sender):
    log = sender.log()
    sender.send(0, "first")
    assert [line.text for line in log.new()] == ["first"]
    sender.send(0, "at the same time")
    sender.send(5, "second")
    assert [line.text for line in log.new()] == ["at the same time", "second"]
    assert list(log.new()) == []


def test_a_line_that_comes_seconds_after_later_ones_is_told_by_a_wide_look(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
):
    log = sender.log()
    sender.send(9, "of a quick sender")
    assert [line.text for line in log.new()] == ["of a quick sender"]
    sender.send(1, "of a slow sender")
    assert list(log.new()) == []
    monkeypatch.setattr(job_log, "WIDE_SECONDS", 0.0)
    assert [line.text for line in log.new()] == ["of a slow sender"]
    assert list(log.new()) == []


def test_when_a_job_has_ended_late_lines_are_told_and_none_is_waited_for(sender: Sender):
    log = sender.log()
    sender.send(9, "of a quick sender")
    assert len(list(log.new())) == 1
    sender.send(1, "of a slow sender")
    began = time.monotonic()
    assert [line.text for line in log.rest(ENDED)] == ["of a slow sender"]
    assert list(log.rest(LONG_AGO.model_copy(update={"status": "Failed"}))) == []
    assert time.monotonic() - began < job_log.QUIET_SECONDS


def test_lines_of_a_job_that_was_killed_are_waited_for(sender: Sender):
    rest = sender.log().rest(ENDED.model_copy(update={"status": "Canceled", "end_time": datetime.now(UTC)}))
    sender.send(0, "before the wait")
    assert next(rest).text == "before the wait"
    sender.send(1, "during it")
    assert [line.text for line in rest] == ["during it"]


def test_how_it_ended_is_left_to_the_jobs_state_and_prefects_routine_to_the_server(sender: Sender):
    sender.send(0, "Finished in state Completed()", name="prefect.flow_runs")
    sender.send(1, "init() failed", logging.ERROR, name="prefect.flow_runs.verdict")
    sender.send(2, "Opening process...", name="prefect.flow_runs.worker")
    sender.send(3, "the process crashed", logging.ERROR, name="prefect.flow_runs.worker")
    sender.send(4, "Finished in state, says a script")
    assert [line.text for line in sender.log().new()] == ["the process crashed", "Finished in state, says a script"]


def test_lines_below_the_level_and_those_of_an_earlier_run_are_left_out(sender: Sender):
    sender.send(0, "an earlier run's", logging.ERROR)
    sender.send(5, "fine")
    sender.send(6, "not fine", logging.WARNING)
    log = sender.log(begin=NOON + timedelta(seconds=3), level=logging.WARNING)
    assert [line.text for line in log.new()] == ["not fine"]
    assert list(log.rest(LONG_AGO)) == []


def test_more_lines_than_a_page_holds_are_all_told_in_order(sender: Sender, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(job_log, "PAGE", 3)
    for number in range(7):
        sender.send(number, str(number))
    assert [line.text for line in sender.log().new()] == [str(number) for number in range(7)]
