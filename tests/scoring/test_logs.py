"""Logs in a job's folder: what the script printed, slot by slot; the job's story with times; the errors alone."""

import logging
import re
from datetime import datetime

import pytest

from scoring import overview, relay
from scoring.job import Job
from scoring.listing import write_listing
from tests.scoring.conftest import write_files
from tests.scoring.killed_job import go_on_with

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.fixture
def run_job(tmp_path, make_manifest):
    """Run a job in a folder, here or in a store."""

    def run_job(script, names, variables=None, folder=None, **settings):
        retries = {"max_retries": 1, "timeout": 20}
        inputs = write_files(tmp_path / "in", names)
        manifest = make_manifest(script, inputs, variables, retry_settings=retries, **settings)
        if folder is not None:
            manifest = manifest.model_copy(update={"folder": folder, "output": f"{folder}/score"})
        manifest.write()
        job = Job.open(manifest.folder)
        write_listing(manifest.input, job.folder)
        go_on_with(manifest.folder)
        return job

    return run_job


def read(job, name):
    return job.folder.read(f"logs/{name}").decode().splitlines()


def texts(lines):
    """What lines say behind their times, which are in order."""
    moments = [MOMENT.match(line) for line in lines if not line.startswith("  ")]
    assert all(moments)
    assert [moment[0] for moment in moments] == sorted(moment[0] for moment in moments)
    return [line.partition(" ")[2] for line in lines if not line.startswith("  ")]


def test_a_slots_log_has_what_its_script_printed_with_the_time_and_the_mini_batch(run_job):
    lines = read(run_job("prints_everywhere.py", ["0", "1"]), "slot-0.log")
    told = texts(lines)
    assert "[mini-batch 0] by C" in told
    assert "[mini-batch 1] by a child" in told
    assert len(told) == 16


@pytest.mark.parametrize("folder", [None, "memory://logs-test"], ids=["on disk", "in a store"])
def test_what_a_slot_printed_is_found_in_its_order_wherever_the_job_lies(run_job, folder):
    job = run_job("prints_everywhere.py", [f"{number:02d}" for number in range(40)], folder=folder)
    logs = relay.slot_logs(job.folder)
    assert list(logs) == [0]
    assert len(logs[0]) == (1 if folder is None else 8), "in a store each attempt has its own"
    told = texts([line for name in logs[0] for line in job.folder.read(name).decode().splitlines()])
    mini_batches = [int(re.match(r"\[mini-batch (\d+)\]", line)[1]) for line in told]
    assert mini_batches == sorted(mini_batches)
    assert {*mini_batches} == {*range(40)}


def test_the_overview_tells_stages_attempts_failed_tries_and_the_end_in_their_order(run_job, tmp_path):
    (tmp_path / "seen").mkdir()
    told = texts(read(run_job("raises_once.py", ["0", "1-bad"], {"SEEN": str(tmp_path / "seen")}), "overview.log"))
    story = [re.sub(r"[\d.]+ s", "SECONDS", line) for line in told if "mini-batch 1" in line or "stage" in line]
    assert story == [
        "slot 0: attempt 1 at mini-batch 1 began",
        "slot 0: mini-batch 1, try 1 failed: ConnectionError: the feature store is busy (raises_once.py:14 in run)",
        "slot 0: attempt 1 at mini-batch 1 ended after SECONDS: 0 files scored, 1 try failed",
        "slot 0: attempt 2 at mini-batch 1 began",
        "slot 0: attempt 2 at mini-batch 1 ended after SECONDS: 1 files scored",
        "stage merge ended after SECONDS",
    ]
    assert told[-1] == "Completed: 2 files scored"


def test_what_isolation_saved_is_in_the_overview(run_job):
    told = read(run_job("poisoned.py", ["0", "1-raise", "2"], mini_batch_size=3), "overview.log")
    assert any("mini-batch 0, try 2 failed: ValueError" in line and "2 of its 3 files were" in line for line in told)


def test_the_errors_alone_have_their_tracebacks(run_job):
    lines = read(run_job("poisoned.py", ["0", "1-raise"]), "errors.log")
    assert [line.partition(" ")[2] for line in lines if MOMENT.match(line)] == [
        f"[mini-batch 1, try {number}, slot 0] ValueError: cannot read 1-raise (poisoned.py:15 in meet)"
        for number in (1, 2)
    ]
    assert lines.count("  ValueError: cannot read 1-raise") == 2


def test_many_errors_are_a_bounded_number_of_lines(run_job, monkeypatch):
    monkeypatch.setattr(overview, "MOST_ERRORS", 4)
    lines = read(run_job("fails_from_some_call_on.py", ["0", "1", "2"], {"GOOD": "0"}), "errors.log")
    assert sum(bool(MOMENT.match(line)) for line in lines) == 4
    assert lines[-1] == "more than 4 tries failed; all of them are in failed-tries.csv"


def test_a_job_that_prints_much_sends_a_bounded_number_of_lines_and_says_where_the_rest_is(
    run_job, monkeypatch, caplog
):
    monkeypatch.setattr(relay, "LINES_OF_SLOT", 20)
    caplog.set_level(logging.INFO, logger="scoring.relay")
    job = run_job("prints_everywhere.py", [f"{number}" for number in range(9)])
    sent = [record.getMessage() for record in caplog.records if record.name == "scoring.relay"]
    assert len(sent) == 21
    assert sent[-1] == f"Slot 0 prints more than 20 lines; the rest is in {job.folder.at('logs/slot-0.log')}"
    assert len(read(job, "slot-0.log")) == 9 * 8


def test_a_moment_is_told_in_utc_to_the_millisecond():
    assert relay.moment(1767225600.25) == "2026-01-01T00:00:00.250Z"
    assert datetime.fromisoformat(relay.moment(1767225600.25)).timestamp() == 1767225600.25
