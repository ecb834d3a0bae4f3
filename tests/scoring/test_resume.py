"""Stored work is never done again by the same job, and what was given up can be."""

from collections import Counter
from pathlib import Path

import pytest

from scoring.assemble import assemble
from scoring.chunk import Report, score_chunk
from scoring.errors import JobStoppedError, MiniBatchesFailedError
from scoring.fleet import Fleet
from scoring.job import Job
from scoring.listing import write_listing
from scoring.planning import Chunk
from scoring.stopping import EarlyEnd
from scoring.storage import Folder
from scoring.summary import committed_summary
from tests.scoring.conftest import write_files

NAMES = ["0", "1-bad", "2", "3", "4-bad", "5"]
CHUNK = Chunk(first=0, last=5)


@pytest.fixture
def job(tmp_path, make_manifest):
    (tmp_path / "broken").touch()
    manifest = make_manifest(
        "notes_each_file.py",
        write_files(tmp_path / "in", NAMES),
        {"LOG": str(tmp_path / "log"), "BROKEN": str(tmp_path / "broken")},
        retry_settings={"max_retries": 1},
    )
    manifest.write()
    job = Job.open(manifest.folder)
    write_listing(manifest.input, job.folder)
    return job


@pytest.fixture(params=["local", "object store"])
def either_store(job, request):
    """The same job, whose output is a local folder or in an object store."""
    if request.param == "local":
        return job
    manifest = job.manifest.model_copy(update={"output": "memory://resume-test/score"})
    manifest.write()
    return Job.open(manifest.folder)


@pytest.fixture
def fleet(job):
    fleet = Fleet(job.manifest.launch())
    yield fleet
    fleet.stop()


def ran(job):
    return Counter(Path(job.manifest.settings.environment_variables["LOG"]).read_text().split())


def attempt(job, fleet, number, tell=lambda news: None):
    return score_chunk(job, CHUNK, fleet, attempt=number, tell=tell)


def test_another_attempt_runs_only_what_is_in_no_part(job, fleet, tmp_path):
    with pytest.raises(MiniBatchesFailedError) as caught:
        attempt(job, fleet, 1)
    assert (caught.value.first, caught.value.count) == (1, 2)
    (tmp_path / "broken").unlink()
    assert attempt(job, fleet, 2) == Report(mini_batches=6, scored=2, failed=0, kept=4)
    assert attempt(job, fleet, 3) == Report(mini_batches=6, scored=0, failed=0, kept=6)
    assert ran(job) == {name: 2 if "bad" in name else 1 for name in NAMES}
    fleet.close()
    summary = assemble(job)
    assert (summary.state, summary.message) == ("Completed", "6 files scored")
    assert (tmp_path / "job/score/predictions.csv").read_text().split() == ["prediction", *NAMES]


def test_a_job_that_is_stopped_keeps_what_was_scored_and_counts_the_rest_as_pending(job, fleet, tmp_path):
    def stop_after_three(news):
        if news.mini_batch == 3:
            fleet.stop()

    with pytest.raises(JobStoppedError):
        attempt(job, fleet, 1, stop_after_three)
    assert not fleet.scratch.exists()
    summary = assemble(job, end=EarlyEnd("enough"))
    assert summary.files.model_dump() == {"listed": 6, "scored": 3, "failed": 0, "skipped": 0, "pending": 3}
    assert (summary.state, summary.message) == ("Failed", "enough; 3 of 6 files scored, 3 pending, 0 failed")
    assert (tmp_path / "job/score/predictions.partial.csv").read_text().split() == ["prediction", "0", "2", "3"]
    assert committed_summary(job) is None


def test_what_an_attempt_knew_of_files_that_a_stopped_one_did_not_try_again_still_holds(job, fleet):
    def stop_after_one(news):
        if news.mini_batch == 1:
            fleet.stop()

    with pytest.raises(MiniBatchesFailedError):
        attempt(job, fleet, 1)
    with pytest.raises(JobStoppedError):
        attempt(job, fleet, 2, stop_after_one)
    summary = assemble(job, end=EarlyEnd("enough", settles_tried=True))
    assert summary.files.model_dump() == {"listed": 6, "scored": 4, "failed": 2, "skipped": 0, "pending": 0}


def test_a_resumed_job_tries_what_was_given_up_and_replaces_its_own_partial_output(either_store, tmp_path):
    job = either_store
    first = Fleet(job.manifest.launch())
    for number in (1, 2):
        with pytest.raises(MiniBatchesFailedError):
            attempt(job, first, number)
    first.close()
    assert assemble(job, end=EarlyEnd("the network was away")).files.failed == 2
    (tmp_path / "broken").unlink()

    resumed = Job.open(job.manifest.folder)
    second = Fleet(job.manifest.launch(), has_scored=True)
    assert attempt(resumed, second, 3) == Report(mini_batches=6, scored=2, failed=0, kept=4)
    second.close()
    summary = assemble(resumed)
    assert (summary.state, summary.files.scored, summary.files.failed) == ("Completed", 6, 0)
    assert Folder(job.manifest.output).names() == ["failures.jsonl", "predictions.csv", "report.html", "summary.json"]
    assert committed_summary(job) == summary
    assert ran(job)["1-bad"] == 3


def test_a_summary_of_another_job_is_not_this_jobs(job, tmp_path):
    write_files(tmp_path / "job/score", ["summary.json"])
    assert committed_summary(job) is None
    (tmp_path / "job/score/summary.json").write_text('{"job": "another", "state": "Completed"}')
    assert committed_summary(job) is None
