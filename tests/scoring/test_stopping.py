"""When a job ends early, from what it is told alone."""

import time

import pytest

from scoring.facts import Fault, Where
from scoring.planning import plan_chunks
from scoring.settings import Settings
from scoring.stopping import StopRules
from tests.scoring.conftest import line_of

pytestmark = pytest.mark.alone

FAULT = Fault(error="ValueError", message="no number", where=Where(file="driver.py", line=7))


def rules(files: int = 1000, slots: int = 2, **settings: object) -> StopRules:
    chosen = Settings.model_validate({"mini_batch_size": 10, **settings})
    return StopRules(chosen, files, slots, plan_chunks(files // 10, slots))


def at(file_line: int) -> Fault:
    return FAULT.model_copy(update={"where": Where(file="driver.py", line=file_line)})


def test_one_failed_file_more_than_tolerated_ends_the_job() -> None:
    told = rules(error_threshold=5)
    told.count(scored=0, failed=5)
    assert told.end is None
    told.count(scored=0, failed=1)
    assert told.end.cause == "6 files failed; error_threshold is 5"


def test_a_share_of_the_files_may_fail() -> None:
    told = rules(files=1000, error_threshold="5%")
    told.count(scored=0, failed=50)
    assert told.end is None
    told.count(scored=900, failed=1)
    assert told.end.cause == "51 files failed; error_threshold is 5%"


def test_a_script_that_fails_alike_at_several_places_is_broken() -> None:
    told = rules(slots=2)
    for mini_batch in (0, 1, 2):
        told.blame(mini_batch, FAULT)
    assert told.end is None, "three mini-batches are fewer than two for each slot"
    told.blame(50, FAULT)
    assert told.end is not None
    assert told.end.cause.startswith("the script is broken: 40 files in 4 mini-batches failed alike and none succeeded")
    assert "ValueError: no number (driver.py:7)" in told.end.cause
    assert "settings.fail_fast: false" in told.end.cause


@pytest.mark.parametrize(
    "history",
    [
        pytest.param([(0, FAULT), (1, FAULT), (2, FAULT), (3, FAULT)], id="all from one place of the listing"),
        pytest.param([(0, FAULT), (0, FAULT), (0, FAULT), (50, FAULT)], id="tries of the same mini-batches"),
        pytest.param([(0, at(1)), (1, at(2)), (50, at(3)), (51, at(4))], id="at different lines"),
    ],
)
def test_failures_that_may_be_the_datas_do_not_end_the_job(history: list[tuple[int, Fault]]) -> None:
    told = rules(slots=2)
    for mini_batch, fault in history:
        told.blame(mini_batch, fault)
    assert told.end is None


def test_one_success_acquits_the_script() -> None:
    told = rules(slots=1)
    told.count(scored=1, failed=0)
    for mini_batch in range(100):
        told.blame(mini_batch, FAULT)
    assert told.end is None


def test_fail_fast_can_be_forbidden() -> None:
    told = rules(slots=1, fail_fast=False)
    for mini_batch in range(100):
        told.blame(mini_batch, FAULT)
    assert told.end is None


def test_fewer_than_twenty_files_are_too_few_to_judge_by() -> None:
    told = rules(files=10, slots=1, mini_batch_size=1)
    for mini_batch in range(10):
        told.blame(mini_batch, FAULT)
    assert told.end is None


def test_a_job_whose_time_is_up_says_so() -> None:
    told = rules(max_runtime=0.05)
    told.look_at_clock()
    assert told.end is None
    while told.end is None:
        time.sleep(0.01)
        told.look_at_clock()
    assert told.end.lets_finish
    assert told.end.cause == "max_runtime of 0.05 s is over; the job can be resumed"


def test_a_script_that_is_broken_everywhere_ends_the_job_long_before_all_is_tried(score_with):
    outcome = score_with("fails_from_some_call_on.py", 2000, size=5, slots=2, max_retries=1, variables={"GOOD": "0"})
    assert outcome.summary.state == "Failed"
    assert "the script is broken" in outcome.summary.message
    assert f"fails_from_some_call_on.py:{line_of('fails_from_some_call_on.py', 'raise')}" in outcome.summary.message
    scored, failed, skipped, pending = outcome.counts
    assert (scored, skipped) == (0, 0)
    assert 20 <= failed < 1000
    assert len(outcome.failures) == failed, "those that are known to have failed are named"
    assert outcome.summary.message.endswith(f"; 0 of 2000 files scored, {pending} pending, {failed} failed")


def test_what_was_scored_when_the_time_is_up_is_a_partial_output(score_with):
    outcome = score_with("sleeps.py", 200, variables={"SECONDS": "0.05"}, max_runtime=0.5)
    assert outcome.summary.state == "Failed"
    assert outcome.summary.rows_file == "predictions.partial.csv"
    scored, failed, _, pending = outcome.counts
    assert 0 < scored == outcome.summary.rows < 200
    assert (failed, pending) == (0, 200 - scored)
    assert outcome.summary.message.endswith(f"; {scored} of 200 files scored, {pending} pending, 0 failed")
