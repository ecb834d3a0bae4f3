"""News as it travels between processes."""

import json
import queue

import pytest

from flows.bulletins import TOLD_IN_FULL, Bulletin, Wire, grouped
from scoring.chunk import News
from scoring.facts import Fault
from scoring.ledger import Cause
from scoring.slot_states import SlotState

FAULT = Fault(error="ValueError", message="no number")


def scored(index: int) -> News:
    return News(index, "scored", scored=10, failed=0)


def given_up(index: int) -> News:
    return News(index, "given_up", scored=0, failed=10, fault=FAULT)


def test_a_bulletin_counts_all_and_tells_a_few_failures_in_full() -> None:
    bulletin = Bulletin.of([scored(0), *(given_up(index) for index in range(1, 101))])
    assert (bulletin.scored, bulletin.failed) == (10, 1000)
    assert [trouble.mini_batch for trouble in bulletin.troubles] == list(range(1, TOLD_IN_FULL + 1))


def test_a_bulletin_comes_through_plain_types_unchanged() -> None:
    bulletin = Bulletin.of([scored(0), given_up(1)])
    assert Bulletin.from_message(json.loads(json.dumps(bulletin.as_message()))) == bulletin


def test_news_that_come_together_travel_together_and_soon() -> None:
    sent: queue.SimpleQueue[Bulletin] = queue.SimpleQueue()
    wire = Wire(sent.put)
    for index in range(1000):
        wire.tell(scored(index))
    assert sent.get(timeout=5).scored == 10_000
    assert sent.empty()


def test_what_waits_is_sent_at_once_when_a_task_run_ends() -> None:
    sent: queue.SimpleQueue[Bulletin] = queue.SimpleQueue()
    wire = Wire(sent.put)
    wire.tell(scored(0))
    wire.flush()
    assert sent.get_nowait().scored == 10


def test_slots_are_told_with_the_news_and_again_until_all_have_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.bulletins.SECONDS_TO_START", 0.01)
    sent: queue.SimpleQueue[Bulletin] = queue.SimpleQueue()
    activities = iter(["starting", "starting", "scoring"])
    wire = Wire(sent.put, lambda: [SlotState(3, next(activities), 5.0)])
    wire.tell(scored(0))
    first = sent.get(timeout=5)
    assert (first.scored, first.slots) == (10, (SlotState(3, "starting", 5.0),))
    assert Bulletin.from_message(json.loads(json.dumps(first.as_message()))) == first
    assert [sent.get(timeout=5).slots[0].activity for _ in range(2)] == ["starting", "scoring"]
    with pytest.raises(queue.Empty):
        sent.get(timeout=0.1)


def test_causes_that_are_alike_are_one_with_the_files_of_both() -> None:
    def cause(error: str, where: str, files: int) -> Cause:
        return Cause(error=error, where=where, message="", files=files, first=f"{files}.png")

    causes = [cause("A", "s.py:1", 1), cause("timeout", "s.py:3", 2), cause("A", "s.py:1", 3), cause("A", "s.py:2", 3)]
    told = grouped([*causes, cause("timeout", "s.py:4", 5)])
    assert [(each.error, each.files, each.first) for each in told] == [
        ("timeout", 7, "2.png"),
        ("A", 4, "1.png"),
        ("A", 3, "3.png"),
    ]
