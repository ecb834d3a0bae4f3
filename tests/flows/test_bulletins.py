"""News as it travels between processes."""

import json
import queue

from flows.bulletins import TOLD_IN_FULL, Bulletin, Wire
from scoring.chunk import News
from scoring.facts import Fault

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
