"""A dry run: what a few files tell of a job, and that nothing is left of it."""

import os
import sys
import tempfile

import pytest

from scoring.dry_run import spread, try_out
from scoring.findings import Findings, findings
from scoring.manifest import Manifest
from scoring.proposals import Cost, propose_concurrency, propose_size

NAMES = "import os\ndef run(mini_batch):\n    return [os.path.basename(path) for path in mini_batch]\n"


@pytest.fixture
def tried(tmp_path, monkeypatch):
    """What is found of a script over so many files."""

    def found(script: str, files: int = 20, **settings) -> Findings:
        for number in range(files):
            path = tmp_path / "in" / f"{number:03d}.txt"
            path.parent.mkdir(exist_ok=True)
            path.write_text(str(number))
        (tmp_path / "code").mkdir()
        (tmp_path / "code" / "script.py").write_text(script)
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
        monkeypatch.setattr("scoring.dry_run.LONG_ENOUGH", 0.05)
        (tmp_path / "tmp").mkdir()
        manifest = Manifest(
            job="none",
            folder=str(tmp_path / "job"),
            input=str(tmp_path / "in"),
            output=str(tmp_path / "out"),
            script=str(tmp_path / "code" / "script.py"),
            code=str(tmp_path / "code"),
            python=sys.executable,
            settings=settings,
        )
        told = findings(try_out(manifest), manifest)
        assert sorted(os.listdir(tmp_path)) == ["code", "in", "tmp"]
        assert os.listdir(tmp_path / "tmp") == []
        return told

    return found


def test_a_script_that_keeps_the_contract_is_told_of_in_numbers(tried) -> None:
    told = tried(
        "import os, time\ndef init(): print('ready')\ndef run(mini_batch):\n    time.sleep(0.02)\n"
        "    print('called')\n    return [{'file': os.path.basename(p), 'n': 0.5} for p in mini_batch]\n"
    )
    assert told.files_listed == 20
    assert [int(path[:3]) for path in told.files_tried] == [0, 3, 5, 8, 11, 14, 16, 19]
    assert (told.rows_per_file, told.columns) == ((1, 1), {"file": ("text",), "n": ("number",)})
    assert told.first_rows[0] == '{"file": "000.txt", "n": 0.5}'
    assert told.problems == told.remarks == ()
    assert told.lines_printed == 1
    assert told.call_alone is not None
    assert 0.02 <= told.call_alone < 0.5
    assert told.memory is not None
    assert told.memory > 1_000_000
    assert [each.setting for each in told.proposals] == ["mini_batch_size", "max_concurrency_per_instance"]


def test_a_file_that_fails_is_named_with_its_cause_and_the_others_are_tried(tried) -> None:
    fails = """
    if any(path.endswith("000.txt") for path in mini_batch): os.abort()
    if any(path.endswith("019.txt") for path in mini_batch): raise ValueError("no")
"""
    told = tried(NAMES.replace("    return", f"{fails}    return"))
    (said,) = told.problems
    assert said.startswith("2 of 8 files failed alone: the scoring process was killed by signal 6")
    assert "ValueError: no (script.py:5 in run) (019.txt)" in said
    assert told.rows_per_file == (1, 1)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("raise RuntimeError('no weights')", "the script could not be imported: RuntimeError: no weights"),
        ("def init(): raise OSError('gone')\ndef run(mini_batch): pass", "init() failed: OSError: gone"),
        (
            "def run(mini_batch): return [1]",
            "8 files failed in one call, and none of them alone: run() ",
        ),
        ("def run(mini_batch): return None", "8 of 8 files failed alone: WrongReturnError: run() returned None"),
    ],
)
def test_what_would_fail_a_job_is_a_problem(tried, script: str, said: str) -> None:
    (problem,) = tried(script).problems
    assert problem.startswith(said)


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        ("[1 if len(mini_batch) > 1 else 'one'] * len(mini_batch)", "column 'prediction' holds text and number"),
        ("[object() for _ in mini_batch]", "column 'prediction' holds the text of a Python object"),
        ("[{str(len(mini_batch)): 1} for _ in mini_batch]", "calls return different columns: '8' not with 000.txt"),
        ("[len(mini_batch)] * len(mini_batch)", "rows are others when their files are scored in one call than when"),
        ("[1] * 8", "8 files give 64 rows one by one, and 8 in one call"),
        ("[print('x') or 1 for _ in mini_batch] + [print('y') for _ in range(30)][:0]", "a call prints 38 lines"),
    ],
)
def test_what_someone_should_look_at_is_remarked(tried, returned: str, said: str) -> None:
    told = tried(f"def run(mini_batch):\n    return {returned}\n")
    assert told.problems == ()
    assert any(remark.startswith(said) for remark in told.remarks), told.remarks


def test_a_call_that_hangs_is_ended_at_its_deadline_and_told(tried) -> None:
    told = tried("import time\ndef run(mini_batch): time.sleep(60)\n", files=1, retry_settings={"timeout": 0.3})
    assert told.problems[0].startswith("1 of 1 files failed alone: run() took longer than 0.3 s")
    assert not told.can_score


def test_one_file_is_enough_and_proposes_nothing(tried) -> None:
    told = tried(NAMES, files=1)
    assert (told.rows_per_file, told.proposals) == ((1, 1), ())


@pytest.mark.parametrize("count", [1, 2, 7, 8, 9, 1000])
def test_files_are_spread_over_the_whole_list_and_always_the_same(count: int) -> None:
    chosen = spread(count, 8)
    assert len(set(chosen)) == min(count, 8)
    assert (chosen[0], chosen[-1]) == (0, count - 1)
    assert chosen == sorted(chosen)


@pytest.mark.parametrize(
    ("cost", "files", "now", "proposed"),
    [
        (Cost(0.0, 0.3), 10_000, 10, 10),  # 3 s, and nothing fixed: as good as it can be
        (Cost(1.0, 0.001), 100_000, 10, 5000),  # nearly all of a call is fixed
        (Cost(0.0, 0.001), 1_000_000, 1, 2000),  # what a mini-batch costs us counts
        (Cost(0.0, 20.0), 1000, 10, 1),  # even one file takes long
        (Cost(0.5, 0.9), 8, 10, 2),  # else one of both slots has nothing to do
        (Cost(0.05, 0.01), 8, 10, 10),  # which is worth nobody's time where all takes a moment
        (Cost(0.05, 0.5), 1000, 7, 7),  # hardly slower than it could be
    ],
)
def test_mini_batches_are_proposed_that_make_the_job_quick(cost: Cost, files: int, now: int, proposed: int) -> None:
    found = propose_size(now, cost, files, slots=2, timeout=30)
    assert found.proposed == proposed, found.why
    assert cost.of(found.proposed) <= max(10, cost.of(1))


@pytest.mark.parametrize(
    ("known", "proposed"),
    [
        ({"used": 1.0, "taken": 10**9}, 8),
        ({"used": 3.9, "taken": 10**9}, 2),
        ({"used": 0.01, "taken": 10**6}, 32),
        ({"used": 1.0, "taken": 4 * 10**9}, 3),
        ({"used": 1.0, "taken": 10**12}, 1),
        ({"used": 1.0, "taken": 10**9, "gpus": 1}, 1),
        ({"used": None, "taken": None}, 8),
    ],
)
def test_as_many_scoring_processes_are_proposed_as_cores_and_memory_are_there_for(known, proposed: int) -> None:
    assert propose_concurrency(1, cores=8, memory=16 * 10**9, **known).proposed == proposed
