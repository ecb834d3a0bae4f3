"""Failures that are certain to come again are given up early, where retry_on says which ones are worth all tries."""

import time
from collections import Counter

import pytest
from pydantic import ValidationError

from scoring.settings import RetrySettings

SCRIPT = """
import os
from pathlib import Path

def run(mini_batch):
    names = [Path(path).name for path in mini_batch]
    with open(os.environ["CALLS"], "a") as calls:
        calls.write(" ".join(names) + "\\n")
    tried = Path(os.environ["CALLS"]).read_text().split("\\n").count(" ".join(names))
    for name in names:
        meet(name.partition("-")[2], tried)
    return names

def meet(kind, tried):
    if kind == "reset": raise ConnectionResetError("by peer")
    if kind == "exit": os._exit(3)
    if kind == "value": raise ValueError("never")
    if kind == "either" and tried % 2: raise ValueError("at odd tries")
    if kind == "either": raise KeyError("at even tries")
    if kind == "twice" and tried < 3: raise OSError("not yet")
"""


@pytest.fixture
def run(score_with, tmp_path):
    """Scores files under retry_on, four tries each; the outcome, and how often run() was called with what."""
    script, calls = tmp_path / "script.py", tmp_path / "calls"
    script.write_text(SCRIPT)

    def run(names, retry_on, *, delay=0, **settings):
        retry = {"max_retries": 3, "timeout": 20, "delay": delay} | ({} if retry_on is None else {"retry_on": retry_on})
        variables = {"CALLS": str(calls)}
        outcome = score_with(script, names, variables=variables, retry_settings=retry, **settings)
        return outcome, Counter(calls.read_text().splitlines())

    return run


def tries(outcome):
    return {failure["path"].partition("-")[2]: failure["tries"] for failure in outcome.failures}


def test_left_out_every_failure_gets_all_tries(run):
    outcome, calls = run(["0", "1-value", "2-exit"], None)
    assert tries(outcome) == {"value": 4, "exit": 4}
    assert calls == {"0": 1, "1-value": 4, "2-exit": 4}


def test_what_is_not_named_is_given_up_when_it_comes_twice_alike(run):
    outcome, calls = run(["0", "1-value", "2-reset", "3-exit", "4-either", "5-twice"], ["OSError", "timeout"])
    assert calls == {"0": 1, "1-value": 2, "2-reset": 4, "3-exit": 2, "4-either": 4, "5-twice": 3}
    assert tries(outcome) == {"value": 2, "reset": 4, "exit": 2, "either": 4}
    assert outcome.counts == (2, 4, 0, 0)
    assert outcome.rows.split() == ["prediction", "0", "5-twice"]


def test_a_mini_batch_that_is_given_up_early_is_still_searched_for_its_culprit_and_then_left_alone(run):
    names = ["0", "1", "2", "3", "4", "5-value", "6-reset", "7", "8"]
    outcome, calls = run(names, ["ConnectionError"], size=3)
    assert outcome.counts == (7, 2, 0, 0)
    assert calls["3 4 5-value"] == 2
    assert calls["6-reset 7 8"] == 4
    assert calls["5-value"] == calls["6-reset"] == 1
    assert outcome.rows.split() == ["prediction", "0", "1", "2", "3", "4", "7", "8"]
    assert outcome.summary.tries == calls.total()


def test_where_whole_mini_batches_fail_they_are_given_up_as_early(run):
    outcome, calls = run(["0-value", "1", "2", "3"], [], size=2, isolate_failures=False)
    assert outcome.counts == (2, 2, 0, 0)
    assert calls == {"0-value 1": 2, "2 3": 1}


def test_many_given_up_at_different_tries_are_all_accounted_for(run):
    kinds = ["value", "reset", "twice", "either", "exit", "good"]
    names = [f"{number:03d}-{kinds[number % len(kinds)]}" for number in range(36)]
    outcome, _ = run(names, ["OSError"], slots=2)
    assert outcome.counts == (12, 24, 0, 0)
    assert [failure["path"] for failure in outcome.failures] == [
        name for name in names if not name.endswith(("twice", "good"))
    ]


def test_a_job_of_nothing_but_hopeless_files_does_not_wait_for_further_tries(run):
    began = time.monotonic()
    outcome, calls = run(["0-value", "1-value"], [], delay=3)
    assert outcome.counts == (0, 2, 0, 0)
    assert calls == {"0-value": 2, "1-value": 2}
    assert time.monotonic() - began < 3 * 3, "one delay for each mini-batch, and no second"


def test_a_list_may_be_written_as_text():
    assert RetrySettings(retry_on="timeout, OSError").retry_on == ("timeout", "OSError")
    assert RetrySettings(retry_on=[]).retry_on == ()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("short_return", "short_return cannot be retried: a call of run() that returned is not repeated; remove it"),
        (
            "requests.Timeout",
            "'requests.Timeout' is more than the class's own name; write Timeout",
        ),
        (
            "no memory",
            "'no memory' is no name of an exception's class, nor one of crash, device_memory, exit, memory, timeout",
        ),
    ],
)
def test_what_no_failure_is_called_is_refused(name, said):
    with pytest.raises(ValidationError) as caught:
        RetrySettings(retry_on=[name])
    assert said in str(caught.value)
