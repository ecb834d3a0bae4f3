"""Remote input files are at hand when their mini-batch is due, take up no more disk than allowed, and are removed."""

import tempfile
import threading
import time
from pathlib import Path

import fsspec
import pytest

from scoring import fetch_places
from scoring.chunk import score_chunk
from scoring.errors import JobStoppedError
from scoring.fleet import Fleet
from scoring.job import Job
from scoring.listing import write_listing
from scoring.parts import Done
from scoring.planning import Chunk
from scoring.storage import Folder
from scoring.supply import Supplies
from tests.scoring.conftest import wait_for, write_files
from tests.scoring.slow_stores import HangingStore, slow_server

pytestmark = pytest.mark.alone


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """The folder that temporary files of this test are in."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setattr(fetch_places, "MEMORY", str(folder))
    return folder


@pytest.fixture
def job_on(tmp_path, make_manifest):
    """A job whose input is at a URL and listed."""

    def job_on(url, script="ok.py", **settings):
        manifest = make_manifest(script, url, **settings)
        manifest.write()
        write_listing(url, Folder(manifest.folder))
        return Job.open(manifest.folder)

    return job_on


def stored(url, files):
    """An object store in memory with files of the given sizes."""
    folder = Folder(url)
    for name, size in files.items():
        folder.write(name, b"x" * size)
    return folder.url


def bytes_below(folder):
    return sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())


def test_fetching_ahead_hides_a_slow_store(score_with, tmp_path):
    files = write_files(tmp_path / "in", [f"{number:03d}" for number in range(96)])
    waited = {}
    with slow_server(files) as server:
        for limit in (0, 1 << 20):
            outcome = score_with(
                "sleeps.py",
                inputs=server.url,
                size=4,
                variables={"SECONDS": "0.03"},
                output=tmp_path / f"out-{limit}",
                prefetch_limit=limit,
            )
            assert outcome.rows.split() == ["prediction", *(f"{number:03d}" for number in range(96))]
            waited[limit] = outcome.summary.fetch_seconds
        assert len(server.asked) == 2 * 96
    assert waited[0] > 24 * 0.02
    assert waited[1 << 20] < 0.2 * waited[0]


def test_the_files_of_a_mini_batch_are_fetched_at_once(score_with, tmp_path):
    files = write_files(tmp_path / "in", [f"{number:03d}" for number in range(12)])
    with slow_server(files, delay=0.2) as server:
        outcome = score_with("ok.py", inputs=server.url, size=12)
    assert outcome.counts == (12, 0, 0, 0)
    assert server.most_at_once == 12


def test_fetched_files_take_up_no_more_disk_than_allowed_and_none_in_the_end(job_on, temporary):
    sizes = {f"{number:02d}": 100 for number in range(30)} | {"30": 5000, "31": 100}
    job = job_on(stored("memory://cap-test/in", sizes), mini_batch_size=2, prefetch_limit=650)
    supplies = Supplies(job)
    most = 0
    for due in supplies.of(Chunk(first=0, last=15), Done(job.folder)):
        paths = due.paths(lambda: None)
        assert [Path(path).stat().st_size for path in paths] == [file.size for file in due.files]
        if due.index + 1 < 15:
            assert wait_for(lambda: bytes_below(temporary) >= 400, 5), "nothing was fetched ahead"
            most = max(most, bytes_below(temporary))
    supplies.close()
    assert most == 600
    assert list(temporary.iterdir()) == []


def test_files_are_fetched_into_memory_while_there_is_room_and_else_to_the_disk(job_on, tmp_path, monkeypatch):
    memory = tmp_path / "memory"
    memory.mkdir()
    monkeypatch.setattr(fetch_places, "MEMORY", str(memory))
    monkeypatch.setattr(fetch_places, "MEMORY_LIMIT", 2 * (100 + fetch_places.PAGE))
    job = job_on(
        stored("memory://places-test/in", {"0": 100, "1": 9000, "2": 100, "3": 100}),
        mini_batch_size=1,
        prefetch_limit=0,
    )
    supplies = Supplies(job)
    places = [
        [memory in Path(path).parents for path in due.paths(lambda: None)]
        for due in supplies.of(Chunk(first=0, last=3), Done(job.folder))
    ]
    supplies.close()
    assert places == [[True], [False], [True], [True]]
    assert list(memory.iterdir()) == []


def test_what_follows_a_chunk_is_fetched_for_whoever_is_given_it(job_on, tmp_path):
    files = write_files(tmp_path / "in", [f"{number:02d}" for number in range(8)])
    with slow_server(files, delay=0) as server:
        job = job_on(server.url, mini_batch_size=2)
        supplies = Supplies(job)
        first = supplies.of(Chunk(first=0, last=0), Done(job.folder))
        assert next(first).paths(lambda: None)
        assert wait_for(lambda: len(server.asked) == 8, 5)
        second = supplies.of(Chunk(first=1, last=3), Done(job.folder))
        assert [Path(path).name for due in second for path in due.paths(lambda: None)] == [
            f"{n:02d}" for n in range(2, 8)
        ]
        assert len(server.asked) == 8
        supplies.close()


def test_a_file_that_cannot_be_fetched_fails_its_own_mini_batch_and_no_other(score_with, tmp_path):
    files = write_files(tmp_path / "in", ["0", "1", "2", "3"])
    with slow_server(files, delay=0) as server:
        first_is_scored = threading.Event()
        server.gate = first_is_scored  # the others are asked for while the first one's turn lasts

        def vanish():
            wait_for(lambda: len(server.asked) == 4, 5)
            (files / "1").unlink()
            first_is_scored.set()

        threading.Thread(target=vanish).start()
        outcome = score_with("ok.py", inputs=server.url)
    assert outcome.counts == (3, 1, 0, 0)
    [failure] = outcome.failures
    assert (failure["path"], failure["error"]) == ("1", "FileNotFoundError")
    assert failure["message"].startswith(f"{server.url}/1 cannot be fetched: ")


@pytest.mark.parametrize("kind", ["event loop", "threads"])
def test_a_job_that_is_stopped_waits_for_no_file_and_leaves_none(job_on, tmp_path, temporary, kind):
    fsspec.register_implementation("hanging", HangingStore, clobber=True)
    with slow_server(write_files(tmp_path / "in", ["0", "1"])) as server:
        server.gate.clear()
        HangingStore.gate.clear()
        url = server.url if kind == "event loop" else stored("hanging://stop-test/in", {"0": 1, "1": 1})
        job = job_on(url)
        fleet = Fleet(job.manifest.launch())
        stopping = threading.Timer(0.3, fleet.stop)
        stopping.start()
        began = time.monotonic()
        with pytest.raises(JobStoppedError):
            score_chunk(job, Chunk(first=0, last=1), fleet, attempt=1, tell=lambda news: None)
        stopping.join()
        assert time.monotonic() - began < 1.3
        HangingStore.gate.set()
    assert wait_for(lambda: list(temporary.iterdir()) == [], 5)


def test_any_key_of_a_store_is_scored_or_named_as_one_that_no_disk_can_hold(score_with):
    good = ["a", "a b", "é/日", "100%", "x\ny", "q?c#d"]
    bad = ["c/../d", "c/./d"]
    inputs = stored("memory://keys-test/in", dict.fromkeys(good + bad, 3))
    outcome = score_with("ok.py", inputs=inputs, slots=2, include_hidden=True)
    assert outcome.counts == (len(good), len(bad), 0, 0)
    assert [failure["path"] for failure in outcome.failures] == sorted(bad)
    assert "empty, . or .., which no file on this machine can have; rename it" in outcome.failures[0]["message"]
