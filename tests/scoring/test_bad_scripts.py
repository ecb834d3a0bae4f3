"""A script can't hurt the system: its mini-batch fails, is tried again as declared, and the job goes on."""

import logging
import time

import pytest

from scoring import InitFailedError, ScriptError
from scoring.chunk import score_chunk
from scoring.errors import MiniBatchesFailedError
from scoring.fleet import Fleet
from scoring.job import Job
from scoring.listing import write_listing
from scoring.planning import Chunk
from tests.scoring.conftest import line_of, processes_with, write_files

pytestmark = pytest.mark.alone

FILES = ["1-good", "2-good", "3-bad", "4-good", "5-good"]


@pytest.mark.parametrize(
    ("script", "error", "said", "is_located"),
    [
        ("raises_on_bad_file.py", "CorruptImageError", "cannot read /", True),
        ("calls_sys_exit.py", "SystemExit", "cannot go on", True),
        ("yields_rows.py", "ValueError", "bad file", True),
        ("ends_the_process.py", "exit", "exit code 3; a script must not end its process", False),
        ("starts_a_thread_that_ends_the_process.py", "exit", "exit code 9", False),
        ("segfaults.py", "crash", "signal 11 (SIGSEGV)", True),
        ("kills_itself.py", "crash", "signal 9, usually out of memory; lower mini_batch_size", False),
    ],
)
def test_a_failing_mini_batch_is_tried_again_and_costs_no_other(score_with, script, error, said, is_located):
    outcome = score_with(script, FILES, max_retries=2)
    assert outcome.counts == (4, 1, 0, 0)
    assert outcome.summary.state == "CompletedWithErrors"
    assert outcome.summary.tries == 4 + 3
    [failure] = outcome.failures
    assert (failure["path"], failure["mini_batch"], failure["tries"], failure["error"]) == ("3-bad", 2, 3, error)
    assert said in failure["message"]
    place = f"{script}:{line_of(script)}" if is_located else None
    assert (failure["where"] or "").partition(" in ")[0] == (place or "")
    assert outcome.rows.count("good") == 4


@pytest.mark.parametrize(
    ("script", "is_located"),
    [
        ("hangs_in_python.py", True),
        ("hangs_holding_the_gil.py", True),
        ("hangs_beside_threads.py", True),
        ("prints_without_end.py", False),
        ("stops_its_guardian.py", True),
    ],
)
def test_a_script_that_hangs_is_gone_within_a_second_of_its_deadline(score_with, mark, script, is_located):
    times = {}

    def note(news):
        times[news.mini_batch] = time.monotonic()
        if news.outcome != "scored":
            times["left"] = processes_with(mark)

    outcome = score_with(script, FILES, timeout=0.6, on_news=note)
    assert outcome.counts == (4, 1, 0, 0)
    assert times[2] - times[1] < 0.6 + 1
    assert times["left"] == []
    [failure] = outcome.failures
    assert (
        failure["message"] == "run() took longer than 0.6 s (settings.retry_settings.timeout); its process was killed"
    )
    if is_located:
        assert failure["where"].startswith(f"{script}:{line_of(script)} in ")


def test_the_stacks_of_a_script_that_hangs_are_in_the_log_of_its_slot(make_manifest, tmp_path):
    manifest = make_manifest(
        "hangs_beside_threads.py",
        write_files(tmp_path / "in", ["0-bad"]),
        retry_settings={"max_retries": 0, "timeout": 0.6},
    )
    manifest.write()
    job = Job.open(manifest.folder)
    write_listing(manifest.input, job.folder)
    fleet = Fleet(manifest.launch())
    with pytest.raises(MiniBatchesFailedError):
        score_chunk(job, Chunk(first=0, last=0), fleet, attempt=1, tell=lambda news: None)
    fleet.stop()
    told = (tmp_path / "job/logs/slot-0.log").read_text()
    line = line_of("hangs_beside_threads.py")
    assert f'[mini-batch 0]   File "{manifest.script}", line {line} in ' in told
    assert told.count("most recent call first") > 1


def test_a_failure_that_heals_leaves_no_trace_but_its_tries(score_with, tmp_path):
    (tmp_path / "seen").mkdir()
    names = [f"{number:02d}-{'bad' if number in {3, 7, 11, 12, 20} else 'good'}" for number in range(24)]
    outcome = score_with("raises_once.py", names, max_retries=1, variables={"SEEN": str(tmp_path / "seen")})
    assert outcome.counts == (24, 0, 0, 0)
    assert outcome.summary.state == "Completed"
    assert outcome.summary.tries == 24 + 5
    assert outcome.rows.splitlines() == ["prediction", *names]
    assert outcome.failures == []


def test_all_files_of_a_failed_mini_batch_are_reported_one_by_one_where_azure_s_reckoning_is_wanted(score_with):
    outcome = score_with("raises_on_bad_file.py", FILES, size=2, max_retries=1, isolate_failures=False)
    assert outcome.counts == (3, 2, 0, 0)
    assert [failure["path"] for failure in outcome.failures] == ["3-bad", "4-good"]
    assert {failure["mini_batch"] for failure in outcome.failures} == {1}
    [cause] = outcome.summary.causes
    assert (cause.files, cause.error, cause.first) == (2, "CorruptImageError", "3-bad")
    assert cause.where == f"raises_on_bad_file.py:{line_of('raises_on_bad_file.py')}"


def test_a_job_whose_files_all_failed_is_failed_and_says_the_first_cause(score_with):
    outcome = score_with("raises_what_cannot_be_shown.py", 4, slots=2)
    assert outcome.counts == (0, 4, 0, 0)
    assert outcome.summary.state == "Failed"
    assert outcome.summary.message.startswith("all 4 files failed: 4 × SilentError in raises_what_cannot_be_shown.py:")
    assert outcome.summary.rows_file == "predictions.partial.csv"


def test_a_script_that_is_not_python_is_refused_with_its_line(score_with, tmp_path):
    script = tmp_path / "broken.py"
    script.write_text("def run(mini_batch):\n    return [\n")
    with pytest.raises(ScriptError, match=rf"{script}:2: SyntaxError: "):
        score_with(script)
    assert not (tmp_path / "output").exists()


def test_a_script_without_run_is_refused_with_what_to_define(score_with):
    with pytest.raises(ScriptError, match=r"has_no_run.py has no run\(\); define run\(mini_batch\)"):
        score_with("has_no_run.py")


def test_a_script_that_is_not_there_is_refused_with_its_path(score_with, tmp_path):
    with pytest.raises(ScriptError, match=r"nowhere\.py cannot be read: No such file or directory"):
        score_with(tmp_path / "nowhere.py")


def test_a_failing_import_names_the_line_in_the_users_own_module(score_with, tmp_path):
    with pytest.raises(InitFailedError) as caught:
        score_with("raises_on_import.py")
    said = str(caught.value)
    assert said.startswith("the scoring script could not be imported: ValueError: invalid literal for int()")
    assert said.endswith(f"(broken_module.py:{line_of('broken_module.py')} in <module>)")
    assert not (tmp_path / "output").exists()


def test_a_syntax_error_in_a_sibling_names_its_line(score_with, tmp_path):
    code = tmp_path / "code"
    code.mkdir()
    (code / "sibling.py").write_text("x = 1\ny = = 2\n")
    (code / "main.py").write_text("import sibling\ndef run(mini_batch): return mini_batch\n")
    with pytest.raises(InitFailedError, match=r"SyntaxError: .*\(sibling.py:2\)"):
        score_with(code / "main.py")


def test_a_failing_init_names_the_line_in_the_users_script(score_with, tmp_path):
    with pytest.raises(InitFailedError) as caught:
        score_with("raises_in_init.py", slots=2)
    assert str(caught.value) == (
        "init() of the scoring script failed: FileNotFoundError: [Errno 2] No such file or directory: "
        f"'/nowhere/model.pt' (raises_in_init.py:{line_of('raises_in_init.py')} in init)"
    )
    assert "Traceback (most recent call last)" in caught.value.fault.traceback
    assert not (tmp_path / "output").exists()


def test_an_init_that_does_not_return_ends_the_job_and_says_where_it_hung(score_with, caplog):
    caplog.set_level(logging.INFO)
    with pytest.raises(InitFailedError) as caught:
        score_with("init_never_returns.py", init_timeout=0.6)
    assert "import and init() took longer than 0.6 s (settings.init_timeout)" in str(caught.value)
    assert f"(init_never_returns.py:{line_of('init_never_returns.py')} in init)" in str(caught.value)
    assert "about to wait" in caplog.text


def test_an_init_that_ends_the_process_ends_the_job(score_with):
    with pytest.raises(InitFailedError, match="exit code 7"):
        score_with("init_ends_the_process.py")


def test_an_interpreter_that_cannot_be_started_is_named(score_with):
    with pytest.raises(InitFailedError, match="cannot start /nowhere/python: No such file or directory; name a Python"):
        score_with("ok.py", python="/nowhere/python")


def test_an_init_that_fails_later_three_times_in_a_row_ends_the_job_and_keeps_what_was_scored(score_with, tmp_path):
    files = ["1-good", "2-bad", "3-good", "4-good", "5-good", "6-good"]
    outcome = score_with("init_fails_on_restart.py", files, variables={"MARKER": str(tmp_path / "started")})
    assert outcome.counts == (1, 3, 0, 2)
    assert outcome.summary.state == "Failed"
    line = line_of("init_fails_on_restart.py")
    assert outcome.summary.message.startswith("init() of the scoring script failed: RuntimeError: the license server")
    assert f"(init_fails_on_restart.py:{line} in init)" in outcome.summary.message
    assert outcome.summary.rows_file == "predictions.partial.csv"
    assert [failure["error"] for failure in outcome.failures] == ["exit", "RuntimeError", "RuntimeError"]
    assert outcome.failures[1]["message"].endswith("(while init ran in a new scoring process)")


@pytest.mark.parametrize("how", ["fork", "setsid", "double fork"])
def test_a_child_that_the_script_leaves_behind_does_not_outlive_the_job(score_with, mark, how):
    outcome = score_with("leaves_a_child.py", 3, variables={"HOW": how})
    assert outcome.counts == (3, 0, 0, 0)
    assert processes_with(mark) == []


def test_a_child_that_falls_through_into_our_loop_neither_answers_nor_writes_rows(score_with):
    outcome = score_with("forks_and_falls_through.py", 12, size=2, slots=2)
    assert outcome.counts == (12, 0, 0, 0)
    assert outcome.rows.splitlines() == ["prediction", *(f"{number:03d}" for number in range(12))]


@pytest.mark.parametrize(
    "script",
    [
        "closes_standard_descriptors.py",
        "replaces_stdout.py",
        "leaves_its_folder.py",
        "uses_processes_and_threads.py",
        "prints_a_megabyte.py",
    ],
)
def test_a_script_with_strange_manners_is_scored_all_the_same(score_with, script):
    outcome = score_with(script, 2)
    assert outcome.counts == (2, 0, 0, 0)
    assert "printed into" not in outcome.rows
    assert len(outcome.rows.splitlines()) == 3


def test_an_error_in_a_string_that_is_parsed_is_located_in_the_script(score_with, tmp_path):
    script = tmp_path / "parses.py"
    script.write_text("import ast\n\ndef run(mini_batch):\n    return ast.literal_eval('1 +')\n")
    outcome = score_with(script, 1)
    assert outcome.failures[0]["where"] == "parses.py:4 in run"


def test_failures_above_the_threshold_end_the_job_and_leave_a_partial_output(score_with, tmp_path):
    names = [f"{number:03d}-{'bad' if number % 10 == 5 else 'good'}" for number in range(200)]
    outcome = score_with("raises_on_bad_file.py", names, error_threshold=5)
    scored, failed, skipped, pending = outcome.counts
    assert (failed, skipped) == (6, 0)
    assert pending > 0
    assert outcome.summary.state == "Failed"
    assert outcome.summary.message.startswith("error_threshold is 5; 6 of 200 files failed: 6 × CorruptImageError")
    assert not (tmp_path / "output/predictions.csv").exists()
    assert len((tmp_path / "output/predictions.partial.csv").read_text().splitlines()) == 1 + scored


def test_a_threshold_of_zero_ends_the_job_at_the_first_failed_file(score_with):
    outcome = score_with(
        "raises_on_bad_file.py", ["1-bad", *(f"2-{number}" for number in range(50))], error_threshold=0
    )
    assert outcome.counts[1] == 1
    assert outcome.summary.message.startswith("error_threshold is 0; 1 of 51 files failed: ")
    assert outcome.counts[3] > 40


def test_as_many_failures_as_the_threshold_are_tolerated(score_with):
    outcome = score_with("raises_on_bad_file.py", FILES, error_threshold=1)
    assert outcome.summary.state == "CompletedWithErrors"


def test_a_stop_with_retries_waiting_does_not_wait_for_them(score_with):
    names = [f"{number}-bad" for number in range(20)]
    began = time.monotonic()
    retry = {"max_retries": 3, "timeout": 20, "delay": 60, "jitter": 1}
    interrupted = []

    def interrupt(news):
        interrupted.append(news)
        if len(interrupted) == 3:
            raise InterruptedError("enough")

    with pytest.raises(InterruptedError):
        score_with("raises_on_bad_file.py", names, slots=4, on_news=interrupt, retry_settings=retry)
    assert time.monotonic() - began < 10
