"""Many jobs sent at once: those that cannot be taken soon are sent away, and told when to come again."""

import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from deployments.gateway.turns import Turns
from deployments.service.job_records import Job
from deployments.service.registration import Order
from tests.gateway.conftest import Door, served

pytestmark = pytest.mark.alone

BODY = {"input": "azureml:digits:1"}


@pytest.fixture
def slow(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """A launcher that takes its time."""
    launch = door.launcher.launch

    def launch_slowly(order: Order) -> Job:
        time.sleep(0.2)
        return launch(order)

    monkeypatch.setattr(door.launcher, "launch", launch_slowly)


def test_a_job_that_waits_for_long_is_sent_away_and_none_is_lost_or_doubled(door: Door, slow: None) -> None:
    system = door.system_with(Turns(at_once=2, patience=0.5))
    before = len(door.sent)
    with served(system) as url, ThreadPoolExecutor(20) as callers:

        def send(number: int) -> httpx.Response:
            headers = {"Authorization": f"Bearer {door.tokens['invoke'].text}", "Idempotency-Key": f"turn {number}"}
            return httpx.post(f"{url}/endpoints/mnist/jobs", json=BODY, headers=headers, timeout=30)

        answers = list(callers.map(send, range(20)))
    taken = [answer for answer in answers if answer.status_code == 201]
    sent_away = [answer for answer in answers if answer.status_code == 429]
    assert len(taken) + len(sent_away) == 20
    assert taken
    assert sent_away
    assert all(1 <= int(answer.headers["Retry-After"]) <= 10 for answer in sent_away)
    assert len(door.sent) - before == len(taken)


def test_jobs_are_looked_at_while_others_wait_for_their_turn(door: Door, slow: None) -> None:
    with served(door.system_with(Turns(at_once=1, patience=30))) as url, ThreadPoolExecutor(60) as callers:
        headers = {"Authorization": f"Bearer {door.tokens['invoke'].text}"}

        def send() -> httpx.Response:
            return httpx.post(f"{url}/endpoints/mnist/jobs", json=BODY, headers=headers, timeout=30)

        waiting = [callers.submit(send) for _ in range(10)]
        began = time.monotonic()
        answer = httpx.get(f"{url}/endpoints/nothing/jobs", headers=headers, timeout=30)
        looked = time.monotonic() - began
        assert answer.status_code == 403
        assert not all(each.done() for each in waiting)
        assert looked < 1
        assert {each.result().status_code for each in waiting} == {201}
