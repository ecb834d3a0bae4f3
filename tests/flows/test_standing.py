"""Where a job stands, in the few short texts that its progress artifact can carry."""

import pytest

from flows.standing import CAUSES_NAMED, LONGEST, SLOTS_NAMED, Standing
from scoring.ledger import Cause
from scoring.slot_states import SlotState

HOSTILE = '\x00"\\\n' * 500


def whole(slots: int = 2, causes: int = 1, text: str = "no number") -> Standing:
    states = [SlotState(slot, "scoring", 1000.0 - slot % 40, slot) for slot in range(slots)]
    failed = tuple(
        Cause(error=f"Error{number}", where=text[:300], message=text, files=9, first=text) for number in range(causes)
    )
    known = Standing(files=100, done=40, failed=9, per_second=2.0, left=30.0, at=1000.0, slots=slots)
    return Standing(**{**vars(known), **known.with_slots(states), "causes": failed, "causes_in_all": 7})


def test_it_comes_through_a_progress_artifact_unchanged() -> None:
    standing = whole()
    assert Standing.from_metadata(standing.as_metadata()) == standing


@pytest.mark.parametrize("text", ["x" * 5000, HOSTILE, "\N{GRINNING FACE}" * 5000])
def test_it_is_bounded_whatever_the_job(text: str) -> None:
    standing = whole(slots=5000, causes=CAUSES_NAMED, text=text)
    told = standing.as_metadata()
    assert len(told) <= 9 + SLOTS_NAMED + CAUSES_NAMED
    assert max(len(value) for value in told.values()) <= LONGEST, "Prefect's server would cut it"
    known = Standing.from_metadata(told)
    assert known is not None
    assert known.activities == {"scoring": 5000}
    assert [cause.files for cause in known.causes] == [9] * CAUSES_NAMED


def test_of_many_slots_those_are_named_that_have_been_at_it_for_longest() -> None:
    states = whole(slots=100).states
    assert [state.slot for state in states] == sorted(state.slot for state in states)
    assert min(state.since for state in states) == 1000.0 - 39


@pytest.mark.parametrize("metadata", [{"files": "3"}, {"files": "{"}, {"slot 0": "[1]"}, {"slot x": "[]"}])
def test_what_is_not_one_is_none(metadata: dict[str, str]) -> None:
    assert Standing.from_metadata(metadata) is None


def test_the_sentence_tells_speed_and_time_only_while_there_is_something_left() -> None:
    assert whole().text == "40 of 100 files, 9 failed; 2 files/s, 30 s left"
    assert Standing(files=9, done=9, failed=0, per_second=2.0, left=0.0).text == "9 of 9 files, 0 failed"
    assert Standing(files=9, done=0, failed=0).text == "0 of 9 files, 0 failed"
