"""The files that make a mini-batch fail are found, and cost no other file its rows."""

from itertools import combinations
from math import log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.assemble import assemble
from scoring.chunk import score_chunk
from scoring.errors import MiniBatchesFailedError
from scoring.facts import Fault
from scoring.fleet import Fleet
from scoring.isolation import Isolation, Outcome, most_in_a_row
from scoring.job import Job
from scoring.listing import write_listing
from scoring.parts import Done
from scoring.planning import Chunk
from scoring.process import Scored
from scoring.storage import Folder
from tests.scoring.conftest import line_of, write_files

FAULT = Fault(error="ValueError", message="bad")


def isolate(files, bad):
    """Isolation in a mini-batch whose bad files always fail; the positions kept, the culprits, and how many calls."""

    def call(first, end):
        if any(first <= position < end for position in bad):
            return Outcome(FAULT, 0.5)
        return Outcome(Scored(end - first, (), 0, 0, None), 0.25)

    search = Isolation(files, call)
    search.narrow(0, files, FAULT)
    kept = [position for one in search.kept for position in range(one.first, one.end)]
    return sorted(kept), search


def check(files, bad):
    kept, search = isolate(files, bad)
    blamed = [culprit.position for culprit in search.culprits]
    assert sorted([*kept, *blamed]) == list(range(files)), "every file exactly once"
    assert bad.isdisjoint(kept)
    assert search.calls <= 2 * len(bad) * log2(files) + 1
    if not any("not told apart" in culprit.fault.message for culprit in search.culprits):
        assert set(blamed) == bad
    return search


def test_every_set_of_bad_files_in_small_mini_batches_is_found_within_the_bound():
    for files in range(2, 10):
        for count in range(1, files + 1):
            for bad in combinations(range(files), count):
                check(files, set(bad))


@given(st.integers(2, 2000).flatmap(lambda n: st.tuples(st.just(n), st.sets(st.integers(0, n - 1), min_size=1))))
def test_any_bad_files_are_found_within_the_bound(case):
    check(*case)


@given(st.integers(2, 2000).flatmap(lambda n: st.tuples(st.just(n), st.sets(st.integers(0, n - 1), max_size=3))))
def test_a_few_bad_files_are_always_told_apart(case):
    files, bad = case
    kept, search = isolate(files, bad)
    assert {culprit.position for culprit in search.culprits} == bad
    assert len(kept) == files - len(bad)


@pytest.mark.parametrize("files", [7, 10, 100, 1000])
def test_a_mini_batch_of_bad_files_only_costs_few_calls(files):
    _, search = isolate(files, set(range(files)))
    assert search.calls == most_in_a_row(files) < files
    assert "files together: not told apart after" in search.culprits[-1].fault.message


def test_a_mini_batch_that_fails_only_as_a_whole_is_scored_in_pieces():
    kept, search = isolate(16, set())
    assert kept == list(range(16))
    assert search.culprits == []
    assert search.calls == 5


@pytest.mark.parametrize(
    ("kind", "error"),
    [("raise", "ValueError"), ("exit", "exit"), ("kill", "crash"), ("segfault", "crash"), ("hang", "timeout")],
)
def test_a_poison_file_costs_only_itself(score_with, kind, error):
    names = [f"{number:02d}" for number in range(20)]
    names[13] = f"13-{kind}"
    outcome = score_with("poisoned.py", names, size=10, timeout=0.7 if kind == "hang" else 20, max_retries=1)
    assert outcome.counts == (19, 1, 0, 0)
    assert outcome.rows.split() == ["file", *(name for name in names if "-" not in name)]
    [failure] = outcome.failures
    assert (failure["path"], failure["mini_batch"], failure["error"]) == (f"13-{kind}", 1, error)
    assert 2 < failure["tries"] <= 2 + 4
    assert (failure["seconds"] >= 0.7) == (kind == "hang")
    assert outcome.summary.scored_apart == 9
    assert outcome.summary.tries <= 1 + 2 + 2 * log2(10) + 1
    if kind == "raise":
        assert failure["where"] == f"poisoned.py:{line_of('poisoned.py')} in meet"


@pytest.mark.parametrize("name", ["rows.csv", "rows.jsonl", "rows.parquet"])
def test_rows_of_a_mini_batch_in_pieces_are_those_of_one_call_without_the_culprits(score_with, tmp_path, name):
    names = ["0-a", "1-b", "2-a", "4-c", "5-d", "7-a", "8-e"]
    script = "other_columns_for_each_file.py"
    clean = score_with(
        script,
        names,
        size=10,
        inputs=write_files(tmp_path / "clean", names),
        output=tmp_path / "o1",
        output_file_name=name,
    )
    poisoned = write_files(tmp_path / "poisoned", [*names, "3-bad", "6-bad"])
    isolated = score_with(script, size=10, inputs=poisoned, output=tmp_path / "o2", output_file_name=name)
    assert (clean.summary.scored_apart, isolated.summary.scored_apart) == (0, 7)
    assert isolated.summary.sha256 == clean.summary.sha256


def test_causes_are_grouped_by_class_and_place(score_with):
    kinds = ["raise", "exit", "raise", "skip", "raise"]
    names = [
        f"{number}{at}-{kind}" if at == 4 else f"{number}{at}" for number, kind in enumerate(kinds) for at in range(8)
    ]
    outcome = score_with("poisoned.py", names, size=8)
    assert outcome.counts == (35, 5, 0, 0)
    where = f"poisoned.py:{line_of('poisoned.py')}"
    assert outcome.summary.message == (
        f"35 of 40 files scored, 5 failed for 3 reasons: 3 × ValueError in {where} (first: 04-raise); "
        "1 × exit: the scoring process ended with exit code 3; a script must not end its process (os._exit) "
        "(first: 14-exit); 1 × short_return: run() returned 7 rows for 8 files, none of them for this one "
        "(first: 34-skip)"
    )


def test_a_loop_that_hangs_is_one_cause_whichever_of_its_lines_was_at_work(score_with):
    outcome = score_with("poisoned.py", ["0-hang", "1", "2-hang", "3", "4-hang", "5-hang"], timeout=0.4, slots=2)
    assert outcome.counts == (2, 4, 0, 0)
    [cause] = outcome.summary.causes
    assert (cause.files, cause.error, cause.first) == (4, "timeout", "0-hang")


def test_a_script_is_not_broken_because_every_mini_batch_has_a_bad_file(score_with):
    names = [f"{number:03d}" + "-raise" * (number % 10 == 4) for number in range(400)]
    outcome = score_with("poisoned.py", names, size=10, slots=2, max_retries=1)
    assert outcome.counts == (360, 40, 0, 0)


def test_a_script_that_is_broken_still_ends_the_job(score_with):
    outcome = score_with("poisoned.py", [f"{number:03d}-raise" for number in range(400)], size=10, slots=2)
    assert outcome.summary.message.startswith("the script is broken: ")
    assert outcome.counts[3] > 300


def test_a_file_that_cannot_be_fetched_costs_only_itself(score_with):
    store = Folder("memory://isolate-test/in")
    for number in range(8):
        store.write(f"{number}", b"x")

    def vanish(_news):
        if store.exists("6"):
            store.fs.rm_file(store.at("6"))

    outcome = score_with("poisoned.py", inputs=store.url, size=4, on_news=vanish, prefetch_limit=0)
    assert outcome.counts == (7, 1, 0, 0)
    assert outcome.failures[0]["message"].startswith("memory://isolate-test/in/6 cannot be fetched")
    assert outcome.rows.split() == ["file", "0", "1", "2", "3", "4", "5", "7"]


@pytest.fixture
def broken_job(make_manifest, tmp_path):
    """A job of two mini-batches, in whose second two files fail while `broken` is there."""
    (tmp_path / "broken").touch()
    names = [f"{number}" for number in range(16)]
    names[10], names[13] = "10-bad", "13-bad"
    manifest = make_manifest(
        "notes_each_file.py",
        write_files(tmp_path / "in", [name.rjust(8, "0") for name in names]),
        {"LOG": str(tmp_path / "log"), "BROKEN": str(tmp_path / "broken")},
        mini_batch_size=8,
        retry_settings={"max_retries": 0},
    )
    manifest.write()
    write_listing(manifest.input, Folder(manifest.folder))
    return Job.open(manifest.folder)


def attempt(job):
    fleet = Fleet(job.manifest.launch())
    try:
        return score_chunk(job, Chunk(first=0, last=1), fleet, attempt=1, tell=lambda news: None)
    finally:
        fleet.close()


def test_a_resumed_job_tries_the_culprits_again_and_no_file_whose_rows_are_stored(broken_job, tmp_path):
    with pytest.raises(MiniBatchesFailedError, match="mini-batch 1 failed, try 1 of 1: ConnectionError"):
        attempt(broken_job)
    assert Done(broken_job.folder).incomplete == {1}
    assert assemble(broken_job).files.failed == 2
    with pytest.raises(MiniBatchesFailedError):
        attempt(broken_job)
    assert assemble(broken_job).files.failed == 2

    (tmp_path / "broken").unlink()
    (tmp_path / "log").write_text("")
    report = attempt(broken_job)
    assert (report.scored, report.failed, report.kept) == (8, 0, 1)
    assert sorted((tmp_path / "log").read_text().split()) == ["0010-bad".rjust(8, "0"), "0013-bad".rjust(8, "0")]
    assert Done(broken_job.folder).incomplete == set()
    summary = assemble(broken_job)
    assert (summary.state, summary.files.scored) == ("Completed", 16)
    rows = (tmp_path / "job/score/predictions.csv").read_text().split()
    assert rows == ["prediction", *sorted(rows[1:])]
    assert len(rows) == 17


def test_a_file_without_a_row_stays_failed_when_a_culprit_beside_it_is_tried_again(make_manifest, tmp_path):
    (tmp_path / "seen").mkdir()
    names = [f"{number:02d}" for number in range(8)]
    names[1], names[6] = "01-skip", "06-kill"
    inputs = write_files(tmp_path / "in", names)
    settings = {"mini_batch_size": 8, "retry_settings": {"max_retries": 0}}
    manifest = make_manifest("poisoned.py", inputs, {"SEEN": str(tmp_path / "seen")}, **settings)
    manifest.write()
    write_listing(manifest.input, Folder(manifest.folder))
    for _ in range(2):
        fleet = Fleet(manifest.launch(), has_scored=True)
        with pytest.raises(MiniBatchesFailedError):
            score_chunk(Job.open(manifest.folder), Chunk(first=0, last=0), fleet, attempt=1, tell=lambda news: None)
        fleet.close()
        assert [cause.first for cause in assemble(Job.open(manifest.folder)).causes] == ["01-skip", "06-kill"]
