"""What a job costs beside its scripts does not grow out of hand: wake-ups, log lines, memory, the time to stop."""

import logging
import threading
import time
from pathlib import Path

import psutil
import pytest

from scoring.chunk import score_chunk
from scoring.fleet import Fleet
from scoring.job import Job
from scoring.listing import write_listing
from scoring.planning import Chunk
from tests.scoring.conftest import wait_for, write_files

pytestmark = pytest.mark.alone


def wake_ups(task):
    """How often a thread or process has given up its processor to wait, as Linux counts."""
    [line] = [line for line in Path(task, "status").read_text().splitlines() if line.startswith("voluntary_ctxt")]
    return int(line.split()[1])


def tasks_of(fleet, scoring):
    """The first thread of each scoring process and guardian, and this process's threads that score."""
    [process] = fleet._processes
    own = [Path(f"/proc/self/task/{scoring.native_id}")] if scoring.is_alive() else []
    below = psutil.Process(process.pid).children(recursive=True)
    return [*(Path(f"/proc/{pid}") for pid in [process.pid, *(one.pid for one in below)]), *own]


@pytest.mark.parametrize("state", ["idle", "in run()"])
def test_a_slot_that_waits_wakes_at_most_five_times_a_second(make_manifest, tmp_path, state):
    inputs = write_files(tmp_path / "in", ["0"])
    manifest = make_manifest("sleeps.py", inputs, {"SECONDS": "4"}, memory_limit="1GB")
    manifest.write()
    job = Job.open(manifest.folder)
    write_listing(manifest.input, job.folder)
    fleet = Fleet(manifest.launch())
    fleet.start_early([0])
    with fleet.borrow() as (slot, _):
        slot.ready()
    arguments = (job, Chunk(first=0, last=0), fleet)
    scoring = threading.Thread(target=score_chunk, args=arguments, kwargs={"attempt": 1, "tell": lambda news: None})
    if state == "in run()":
        scoring.start()
        assert wait_for(lambda: slot._process._channel._unsent == b"" and fleet._borrowed, 5)
    time.sleep(0.3)  # what is being begun is not waiting yet
    before = {task: wake_ups(task) for task in tasks_of(fleet, scoring)}
    time.sleep(2)
    woken = {task.name: wake_ups(task) - count for task, count in before.items()}
    if scoring.is_alive():
        scoring.join()
    fleet.close()
    assert max(woken.values()) > 0, "nothing was counted"
    assert sum(woken.values()) <= 5 * 2, woken


def test_a_threshold_stops_a_long_job_within_two_seconds_of_the_file_that_exceeds_it(score_with, tmp_path):
    inputs = tmp_path / "in"
    for number in range(200):
        folder = inputs / f"{number:03d}"
        folder.mkdir(parents=True)
        for other in range(100):
            (folder / f"{other:03d}").touch()
    told = []

    def note(news):
        told.extend([time.monotonic()] * news.failed)

    outcome = score_with(
        "fails_from_some_call_on.py", inputs=inputs, slots=2, error_threshold=5, variables={"GOOD": "500"}, on_news=note
    )
    assert time.monotonic() - told[5] < 2
    assert len(told) <= 7  # the other slot may have been at one
    assert outcome.summary.state == "Failed"
    scored, failed, _, pending = outcome.counts
    assert (scored + failed + pending, failed) == (20_000, len(outcome.failures))
    assert pending > 15_000


def test_many_failures_alike_are_a_bounded_number_of_lines_in_the_logs(score_with, caplog):
    caplog.set_level(logging.WARNING, logger="scoring")
    outcome = score_with("fails_from_some_call_on.py", files=100, variables={"GOOD": "0"}, slots=1, fail_fast=False)
    assert outcome.counts == (0, 100, 0, 0)
    assert len(outcome.failures) == 100
    assert len(caplog.records) <= 8 * 21
