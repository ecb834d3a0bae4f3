"""How long a job still takes, told from what has happened by now."""

import heapq
import itertools
import os
import time

import pytest

from flows.pace import Pace
from scoring import score
from scoring.slot_states import SlotState

BEGAN = 1_800_000_000.0
SLEEPS = "import time\ndef run(mini_batch):\n    time.sleep(0.25)\n    return mini_batch\n"


def series(mini_batches: int, slots: int, seconds: float, between: float = 0.0):
    """What an even load does: for each end of a mini-batch when that is, and what is being scored then."""
    ends = [(BEGAN + seconds, slot) for slot in range(min(slots, mini_batches))]
    begun = {slot: BEGAN for _, slot in ends}
    waiting = mini_batches - len(ends)
    heapq.heapify(ends)
    while ends:
        at, slot = heapq.heappop(ends)
        del begun[slot]
        if waiting:
            waiting -= 1
            begun[slot] = at + between
            heapq.heappush(ends, (at + between + seconds, slot))
        yield at, [SlotState(slot, "scoring", since, 0) for slot, since in begun.items()]


@pytest.mark.parametrize("looked", [0.05, 0.5, 0.95], ids=["at once", "in between", "late"])
@pytest.mark.parametrize(
    ("mini_batches", "slots", "seconds", "between"),
    [
        (9, 1, 20.0, 0.0),
        (10, 4, 10.0, 0.0),  # the last turn has work for two slots of four
        (25, 2, 3.0, 0.1),
        (400, 128, 30.0, 0.0),
        (5_000, 2, 0.02, 0.002),
        (20_000, 8, 1.0, 0.0),
    ],
)
def test_from_one_third_on_the_estimate_of_an_even_load_is_within_a_fifth(
    mini_batches: int, slots: int, seconds: float, between: float, looked: float
) -> None:
    pace = Pace(10, slots)
    told = list(series(mini_batches, slots, seconds, between))
    end = told[-1][0]
    settled = 0
    for (at, states), (following, _) in itertools.pairwise(told):
        pace.count(10, 1, seconds, at)
        settled += 1
        now = at + looked * (following - at)
        if now - BEGAN < (end - BEGAN) / 3 or settled % max(1, mini_batches // 200):
            continue
        left = pace.left(10 * (mini_batches - settled), states, now)
        # A moment before the end a fifth of what is left is less than anyone can see.
        assert left == pytest.approx(end - now, rel=0.2, abs=0.02 * (end - BEGAN)), f"{settled} settled"


def test_nothing_is_told_before_anything_is_settled() -> None:
    pace = Pace(10, 2)
    assert pace.per_second is None
    assert pace.left(100, [SlotState(0, "scoring", BEGAN, 0)], BEGAN + 5) is None


def test_what_takes_longer_than_any_before_has_nothing_left_and_never_less() -> None:
    pace = Pace(1, 1)
    pace.count(1, 1, 2.0, BEGAN)
    assert pace.left(1, [SlotState(0, "scoring", BEGAN, 1)], BEGAN + 60) == 0


@pytest.mark.alone
def test_the_estimate_holds_for_real_processes(tmp_path) -> None:
    for number in range(24):
        (tmp_path / "in" / f"{number:02d}").parent.mkdir(exist_ok=True)
        (tmp_path / "in" / f"{number:02d}").write_text("")
    (tmp_path / "script.py").write_text(SLEEPS)
    pace, told, done = Pace(1, 2), [], itertools.count(1)

    def look(news) -> None:
        now = time.time()
        pace.count(news.scored, 1, news.seconds, now)
        told.append((now, pace.left(24 - next(done), [], now)))

    settings = {"mini_batch_size": 1, "max_concurrency_per_instance": 2}
    score(
        script=tmp_path / "script.py", inputs=tmp_path / "in", output=tmp_path / "out", settings=settings, on_news=look
    )
    end, began = told[-1][0], told[0][0] - 0.25
    later = [(at, left) for at, left in told if at - began >= (end - began) / 3 and end - at > 0.5]
    assert len(later) > 8
    for at, left in later:
        assert left == pytest.approx(end - at, rel=0.2, abs=0.3), f"{os.getloadavg()}"
