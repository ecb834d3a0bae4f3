"""Of two runs of one job the newer one stores, and the other is told."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from scoring.assemble import assemble
from scoring.chunk import score_chunk
from scoring.errors import SupersededError
from scoring.fleet import Fleet
from scoring.job import Job
from scoring.lease import LEASES, Lease
from scoring.listing import write_listing
from scoring.planning import Chunk
from scoring.storage import Folder
from tests.scoring.conftest import write_files


@pytest.fixture(params=["local", "object store"])
def folder(request, tmp_path):
    """A job's folder on either kind of store."""
    return Folder(tmp_path / "job" if request.param == "local" else f"memory://lease-test/{tmp_path.name}")


def test_of_two_runs_the_newer_one_holds_the_lease(folder):
    older, newer = Lease.take(folder), Lease.take(folder)
    assert (older.generation, newer.generation) == (1, 2)
    newer.check()
    with pytest.raises(SupersededError, match="another run of this job has begun"):
        older.check()


def test_a_lease_is_taken_once_however_many_reach_for_it(tmp_path):
    folder = Folder(tmp_path)

    def reach(_):
        try:
            return Lease.take(folder).generation
        except SupersededError:
            return None

    with ThreadPoolExecutor(8) as threads:
        taken = [generation for generation in threads.map(reach, range(200)) if generation]
    assert sorted(taken) == list(range(1, len(taken) + 1))
    assert len(folder.folder(LEASES).names()) == len(taken)


def test_a_name_is_created_once_and_the_first_content_stays(folder):
    folder.create("name", b"first")
    with pytest.raises(FileExistsError):
        folder.create("name", b"second")
    assert folder.read("name") == b"first"


@pytest.fixture
def job(tmp_path, make_manifest):
    manifest = make_manifest("ok.py", write_files(tmp_path / "in", ["0", "1", "2"]))
    manifest.write()
    write_listing(manifest.input, Folder(manifest.folder))
    return Job(manifest)


def test_a_run_that_another_one_followed_stores_no_part_and_no_output(job):
    older, fleet = job.leased(), Fleet(job.manifest.launch())
    newer = job.leased()
    with pytest.raises(SupersededError):
        score_chunk(older, Chunk(first=0, last=2), fleet, attempt=1, tell=lambda news: None)
    assert older.folder.folder("parts").names() == []
    score_chunk(newer, Chunk(first=0, last=2), fleet, attempt=1, tell=lambda news: None)
    fleet.close()
    with pytest.raises(SupersededError):
        assemble(older)
    assert not Folder(job.manifest.output).exists()
    assert assemble(newer).files.scored == 3
