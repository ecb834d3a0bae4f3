"""A question that was answered within the last second is not asked again."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from blocks.specs import Compute, Endpoint
from blocks.store import MemoryStore
from deployments.gateway.recent import ARRIVED, Recent, RecentStore


def test_those_who_ask_at_once_wait_for_one_answer() -> None:
    recent, begun, go_on, asked = Recent(), threading.Event(), threading.Event(), []

    def ask() -> str:
        asked.append(1)
        begun.set()
        go_on.wait(10)
        return "answer"

    with ThreadPoolExecutor(8) as callers:
        answers = [callers.submit(recent.of, "question", ask) for _ in range(8)]
        begun.wait(10)
        go_on.set()
        assert {each.result() for each in answers} == {"answer"}
    assert len(asked) == 1


def test_who_wants_a_newer_answer_waits_for_the_one_that_is_looked_for_and_then_asks_for_all_who_do() -> None:
    recent, begun, go_on, asked = Recent(), threading.Event(), threading.Event(), []

    def ask() -> int:
        asked.append(1)
        begun.set()
        go_on.wait(10)
        return len(asked)

    with ThreadPoolExecutor(8) as callers:
        first = callers.submit(recent.of, "question", ask)
        begun.wait(10)
        recent.forget()
        others = [callers.submit(recent.of, "question", ask) for _ in range(7)]
        assert len(asked) == 1
        go_on.set()
        assert (first.result(), {each.result() for each in others}) == (1, {2})


def test_a_failure_is_told_and_not_kept() -> None:
    recent = Recent()

    def fail() -> str:
        raise LookupError("not yet")

    with pytest.raises(LookupError):
        recent.of("question", fail)
    assert recent.of("question", lambda: "now") == "now"


def test_what_was_changed_here_is_asked_for_anew() -> None:
    recent = Recent()
    assert recent.of("question", lambda: "old") == "old"
    assert recent.of("question", lambda: "new") == "old"
    recent.forget()
    assert recent.of("question", lambda: "new") == "new"


@pytest.fixture
def comes() -> Iterator[Callable[[], None]]:
    """A request that is to send a job comes each time that this is called."""
    before = ARRIVED.set(None)

    def come() -> None:
        ARRIVED.set(time.monotonic())

    yield come
    ARRIVED.reset(before)


def test_an_endpoint_is_as_it_is_when_a_job_is_sent(comes: Callable[[], None]) -> None:
    """Its default decides what a job is scored with."""
    comes()
    behind = MemoryStore()
    store = RecentStore(behind)
    behind.put(Endpoint(name="mnist", description="old"))
    behind.put(Compute(name="lab", max_instances=1))
    assert store.get(Endpoint, "mnist").description == "old"
    assert store.get(Compute, "lab").max_instances == 1
    behind.put(Endpoint(name="mnist", description="new"))
    assert store.get(Endpoint, "mnist").description == "old"
    comes()
    behind.put(Compute(name="lab", max_instances=2))
    assert store.get(Endpoint, "mnist").description == "new"
    assert store.get(Compute, "lab").max_instances == 1
    store.put(Compute(name="lab", max_instances=3))
    assert store.get(Compute, "lab").max_instances == 3
