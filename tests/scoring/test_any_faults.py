"""Whatever files do to a script, however jobs are set: each is scored or named, and nothing is left behind."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scoring.settings import Settings
from tests.scoring.conftest import processes_with, write_files

CASES = int(os.environ.get("FAULT_CASES", "200"))  # `make soak` has more
SHARES = 4  # tests that they are divided among

HARMLESS = ["garbage", "shut", "slow"]
FATAL = ["raise", "exit", "kill", "segfault", "memory", "eats", "closed", "skip"]
HANGS = ["hang", "hold"]
TIMEOUT = 1  # seconds, of cases in which something hangs
LATE = 10  # seconds after its deadline by which a call is over, on a busy machine too

FILES = st.lists(st.sampled_from(["good"] * 16 + HARMLESS + FATAL + ["once"]), min_size=1, max_size=14)
HANGING = st.sampled_from([None] * 8 + HANGS)
SETTINGS = st.fixed_dictionaries(
    {
        "size": st.integers(1, 9),
        "slots": st.integers(1, 3),
        "max_retries": st.integers(0, 2),
        "retry_on": st.sampled_from([None, [], ["timeout", "OSError"]]),
        "error_threshold": st.sampled_from([-1, -1, 0, 2, "30%"]),
        "isolate_failures": st.sampled_from([True, True, True, False]),
    }
)


@pytest.fixture
def run(score_with, tmp_path_factory, mark):
    """Scores files that do what their names say; the outcome, once no process is left."""

    def run(names, *, max_retries, retry_on, timeout, **chosen):
        folder = tmp_path_factory.mktemp("case")
        (folder / "seen").mkdir()
        retry = {"max_retries": max_retries, "timeout": timeout, "retry_on": retry_on}
        outcome = score_with(
            "poisoned.py",
            inputs=write_files(folder / "in", names),
            output=folder / "out",
            variables={"SEEN": str(folder / "seen")},
            retry_settings=retry,
            fail_fast=False,
            memory_limit="100MB",
            **chosen,
        )
        assert processes_with(mark) == []
        return outcome

    return run


@pytest.mark.slow
@pytest.mark.parametrize("share", range(SHARES))
@settings(max_examples=CASES // SHARES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kinds=FILES, hanging=HANGING, chosen=SETTINGS)
def test_whatever_files_do_each_one_is_scored_or_named(run, share, kinds, hanging, chosen):
    kinds = [*kinds, hanging] if hanging else kinds
    names = [f"{number:02d}-{kind}" for number, kind in enumerate(kinds)]
    timeout = TIMEOUT if hanging else 20
    outcome = run(names, timeout=timeout, **chosen)

    failed = [failure["path"] for failure in outcome.failures]
    rows = outcome.rows.split()[1:]
    scored, lost, skipped, pending = outcome.counts
    assert failed == sorted(set(failed))
    assert rows == [name for name in names if name in rows], "in input order, none twice"
    assert not {*rows} & {*failed}
    assert (scored, lost, skipped) == (len(rows), len(failed), 0)
    late = [one["seconds"] for one in outcome.failures if one["error"] == "timeout"]
    assert all(timeout <= seconds <= timeout + LATE for seconds in late)

    tolerated = Settings(error_threshold=chosen["error_threshold"]).tolerated(len(names))
    if tolerated is not None and lost > tolerated:
        assert outcome.summary.state == "Failed"
        assert scored + lost + pending == len(names)
        return
    assert outcome.summary.state == ("Failed" if not scored else "CompletedWithErrors" if lost else "Completed")
    assert pending == 0
    assert rows == [name for name in names if name not in failed]
    check_blame(names, outcome.failures, chosen)


def check_blame(names, failures, chosen):
    """Every bad file failed, and no good one but with bad ones that it could not be told apart from."""
    bad = {name for name in names if name.partition("-")[2] in {*FATAL, *HANGS}}
    failed = {failure["path"]: failure for failure in failures}
    assert bad <= failed.keys()
    good = [failed[name] for name in failed if name not in bad and not name.endswith("-once")]
    if chosen["isolate_failures"]:
        assert all("not told apart" in failure["message"] for failure in good)
    else:
        batches = {names.index(name) // chosen["size"] for name in bad | {n for n in failed if n.endswith("-once")}}
        assert {failure["mini_batch"] for failure in good} <= batches
