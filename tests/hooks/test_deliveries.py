"""Word of jobs that have ended reaches the receiver of a hook, once for each end, whatever happens to either side."""

import json
import queue
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from prefect.client.schemas.filters import FlowFilter, FlowFilterName, LogFilter, LogFilterFlowRunId
from prefect.client.schemas.objects import FlowRun
from prefect.states import Crashed
from standardwebhooks.webhooks import Webhook

from blocks.hooks import Hook
from deployments.deliveries import FLOW_NAME
from deployments.service import hooks, outgoing
from deployments.service.job_records import Job
from tests.jobs.conftest import ENDPOINT, Board, board  # noqa: F401 - board is a fixture

pytestmark = [pytest.mark.server, pytest.mark.slow]

SECRET = "T0K3N"
"""As services put one into the URLs that they are told things at."""


@dataclass
class Receiver:
    """Answers as told, with 200 in the end, and keeps what it was sent."""

    answers: list[int] = field(default_factory=list)
    taken: "queue.Queue[tuple[dict[str, str], bytes]]" = field(default_factory=queue.Queue)
    url: str = ""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    known = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            known.taken.put(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(known.answers.pop(0) if known.answers else 200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        known.url = f"http://127.0.0.1:{server.server_port}/word/{SECRET}?key={SECRET}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield known
        server.shutdown()
        thread.join()


@pytest.fixture
def hook(board: Board, receiver: Receiver) -> Iterator[tuple[Hook, str]]:  # noqa: F811
    """A hook that tells the receiver of jobs that fail; with its secret."""
    declared = Hook(name="word", endpoint_name=ENDPOINT, direction="out", url=receiver.url, states=("failed",))
    made = hooks.create(board.store, board.launcher, declared)
    yield made.hook, str(made.secret)
    hooks.delete(board.store, board.launcher, "word")


def sent(board: Board, job: Job) -> list[FlowRun]:  # noqa: F811
    """The flow runs that tell of a job."""
    runs = board.client.read_flow_runs(flow_filter=FlowFilter(name=FlowFilterName(any_=[FLOW_NAME])))
    return [run for run in runs if run.parameters["job"] == str(job.id)]


def wait_until_taken(board: Board, job: Job) -> FlowRun:  # noqa: F811
    deadline = time.monotonic() + 60
    while not ((runs := sent(board, job)) and runs[0].state and runs[0].state.is_final()):
        assert time.monotonic() < deadline, runs
        time.sleep(0.2)
    return runs[0]


def test_a_failed_job_is_told_of_signed_and_again_until_it_is_taken(
    board: Board,  # noqa: F811
    receiver: Receiver,
    hook: tuple[Hook, str],
) -> None:
    receiver.answers = [500]
    fine, broken = board.invoke("names"), board.invoke("broken")
    first, again = receiver.taken.get(timeout=90), receiver.taken.get(timeout=60)
    told: dict[str, Any] = Webhook(hook[1]).verify(*reversed(again))  # type: ignore[arg-type]
    assert first[0]["webhook-id"] == again[0]["webhook-id"] == told["id"]
    assert first[1] == again[1]
    assert (told["specversion"], told["type"], told["subject"]) == ("1.0", "batchpoint.job.failed", broken.name)
    assert (told["data"]["status"], told["data"]["endpoint_name"]) == ("Failed", ENDPOINT)
    assert "the weights are for another model" in told["data"]["state_message"]
    run = wait_until_taken(board, broken)
    assert run.state is not None
    assert (run.state.name, run.run_count) == ("Completed", 2)
    said = [each.message or "" for each in board.client.read_flow_run_states(run.id)]
    assert any(f"hook word at {receiver.url.partition('/word')[0]} answered 500" in each for each in said)
    logs = board.client.read_logs(LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run.id])))
    assert logs
    assert SECRET not in str([*said, *(each.message for each in logs)])
    assert board.wait(broken, lambda now: now.has_ended).status == "Failed"
    board.wait(fine, lambda now: now.has_ended)
    assert sent(board, fine) == []


def test_word_that_a_dead_server_never_handed_on_or_whose_process_died_is_caught_up_with(
    board: Board,  # noqa: F811
    receiver: Receiver,
    hook: tuple[Hook, str],
) -> None:
    board.launcher.unhook(hook[0].name)
    job = board.wait(board.invoke("broken"), lambda now: now.has_ended)
    soon = datetime.now(UTC) + outgoing.LATE + timedelta(seconds=1)
    outgoing.catch_up(board.store, board.client, soon)
    outgoing.catch_up(board.store, board.client, soon)
    told = json.loads(receiver.taken.get(timeout=60)[1])
    assert told["subject"] == job.name
    run = wait_until_taken(board, job)
    board.client.set_flow_run_state(run.id, Crashed(), force=True)
    outgoing.catch_up(board.store, board.client, soon)
    assert json.loads(receiver.taken.get(timeout=60)[1]) == told
    assert len(sent(board, job)) == 1
