"""Jobs that are killed at random moments, again and again, end with the bytes of one that nobody disturbed."""

import multiprocessing
import os
import random
from collections import Counter
from functools import partial
from pathlib import Path

import psutil
import pytest

from scoring.job import Job
from scoring.parts import Done
from tests.scoring.conftest import processes_with, wait_for, write_files
from tests.scoring.killed_job import go_on_with

pytestmark = pytest.mark.slow

JOBS = int(os.environ.get("KILLED_JOBS", "20"))  # `make soak` has more
FILES, SIZE, KILLS = 60, 2, 2
PATIENCE = 20


@pytest.fixture(scope="module")
def processes():
    """Starts processes in milliseconds: they are forked from one that has imported what they need."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.scoring.killed_job"])
    return context


@pytest.fixture
def make_job(tmp_path, make_manifest):
    def make_job(name):
        log = tmp_path / f"{name}.log"
        log.touch()
        manifest = make_manifest(
            "notes_and_counts.py",
            write_files(tmp_path / "in", [f"{number:03d}" for number in range(FILES)]),
            {"LOG": str(log)},
            mini_batch_size=SIZE,
            max_concurrency_per_instance=2,
        )
        folder = tmp_path / name
        manifest = manifest.model_copy(update={"folder": str(folder), "output": str(folder / "score")})
        manifest.write()
        return Job(manifest)

    return make_job


def calls(job):
    """How often each file was given to the script."""
    return Counter(Path(job.manifest.settings.environment_variables["LOG"]).read_text().split())


def stored(job):
    """The files whose mini-batches are in parts."""
    done = Done(job.folder)
    return {f"{number:03d}" for number in range(FILES) if number // SIZE in done}


def scoring_process(mark):
    """One of the job's scoring processes, or None."""
    for process in psutil.process_iter():
        try:
            if "program.py" in " ".join(process.cmdline()) and process.environ().get("SCORING_TEST_MARK") == mark:
                return process
        except psutil.Error:
            continue
    return None


def has_called_or_ended(job, times, process):
    return calls(job).total() >= times or not process.is_alive()


def outputs(job):
    folder = Path(job.manifest.output)
    return {
        path.name: path.read_bytes() for path in folder.iterdir() if path.name not in {"summary.json", "report.html"}
    }


@pytest.mark.parametrize("seed", range(JOBS))
def test_a_job_killed_at_random_writes_the_same_bytes_and_repeats_nothing_that_was_stored(
    seed, processes, make_job, mark
):
    chance, job = random.Random(seed), make_job("killed")
    was_stored = set()
    for _ in range(KILLS):
        before = calls(job)
        process = processes.Process(target=go_on_with, args=(job.manifest.folder,))
        process.start()
        enough = before.total() + chance.randrange(1, FILES // 2)
        wait_for(partial(has_called_or_ended, job, enough, process), PATIENCE)
        victim = scoring_process(mark) if chance.random() < 0.3 else None
        (victim or process).kill()
        process.join(PATIENCE)
        assert wait_for(lambda: not processes_with(mark), 5)
        assert not was_stored & {*(calls(job) - before)}
        was_stored = stored(job)
    before = calls(job)
    process = processes.Process(target=go_on_with, args=(job.manifest.folder,))
    process.start()
    process.join(PATIENCE)
    assert process.exitcode == 0
    assert not was_stored & {*(calls(job) - before)}
    rows = [f"{number:03d},{len('000') * 1.1}\n" for number in range(FILES)]
    own = {f"{number:03d}.txt": f"{number:03d}".encode() * 3 for number in range(FILES)}
    merged = {"predictions.csv": "".join(["file,length\n", *rows]).encode(), "failures.jsonl": b""}
    assert outputs(job) == merged | own
    assert [path.name for path in Path(job.manifest.folder).iterdir() if path.name.startswith(".")] == []
