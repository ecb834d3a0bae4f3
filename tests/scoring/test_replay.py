"""One input of a job once more: the same script and variables, in the foreground, held against what the job knows."""

import subprocess
import sys
from pathlib import Path

import pytest

from scoring.assemble import assemble
from scoring.chunk import score_chunk
from scoring.errors import InputError, MiniBatchesFailedError, ScriptError
from scoring.fleet import Fleet
from scoring.job import Job
from scoring.listing import write_listing
from scoring.manifest import Manifest
from scoring.planning import Chunk
from scoring.replay import replay
from scoring.replay_input import find_file, find_mini_batch
from scoring.settings import RetrySettings, Settings
from scoring.storage import Folder
from tests.scoring.conftest import SCRIPTS, line_of, write_files

NAMES = [
    *("a/00", "a/01-raise", "b/03-exit", "b/04-segfault", "b/05-hang", "b/06-skip"),
    *("c/untried", "c/untried-too", "d/07-once"),
]
AT = f"(poisoned.py:{line_of('poisoned.py')} in meet)"


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A job of mini-batches of two files at most, all of them tried but for the one in c."""
    folder = tmp_path_factory.mktemp("done")
    (folder / "seen").mkdir()
    manifest = Manifest(
        job="done",
        folder=str(folder / "job"),
        input=str(write_files(folder / "in", NAMES)),
        output=str(folder / "job/score"),
        script=str(SCRIPTS / "poisoned.py"),
        code=str(SCRIPTS),
        python=sys.executable,
        settings=Settings(
            mini_batch_size=2,
            retry_settings=RetrySettings(max_retries=0, timeout=2),
            environment_variables={"SEEN": str(folder / "seen")},
        ),
    )
    manifest.write()
    job = Job.open(manifest.folder)
    write_listing(manifest.input, job.folder)
    fleet = Fleet(manifest.launch(), has_scored=True)
    for chunk in (Chunk(first=0, last=2), Chunk(first=4, last=4)):
        with pytest.raises(MiniBatchesFailedError):
            score_chunk(job, chunk, fleet, attempt=1, tell=lambda news: None)
    fleet.close()
    return job


def files_of(job):
    return sorted(path for path in Path(job.manifest.folder).rglob("*") if path.is_file())


def test_a_file_that_failed_fails_in_the_same_way_and_its_traceback_is_shown(done, capfd):
    before = files_of(done)
    again = replay(done, find_file(done, "a/01-raise"))
    path = Path(done.manifest.input, "a/01-raise")
    assert (again.mini_batch, again.files, again.stage, again.is_as_in_job) == (0, ("a/01-raise",), "run", True)
    assert str(again) == f"run() failed as in the job: ValueError: cannot read {path.name} {AT}"
    shown = capfd.readouterr().err
    assert shown.startswith('Traceback (most recent call last):\n  File "' + done.manifest.script)
    assert shown.endswith(f"ValueError: cannot read {path.name}\n")
    assert files_of(done) == before, "nothing is stored"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("03-exit", "run() failed as in the job: the scoring process ended with exit code 3"),
        ("04-segfault", "run() failed as in the job: the scoring process was killed by signal 11 (SIGSEGV)"),
        ("05-hang", "run() failed as in the job: run() took longer than 2 s (settings.retry_settings.timeout)"),
        ("06-skip", "run() failed as in the job: run() returned 0 rows for 1 files"),
    ],
)
def test_what_ends_the_process_or_returns_too_little_is_told_as_in_the_job(done, name, said):
    assert str(replay(done, find_file(done, f"b/{name}"))).startswith(said)


def test_a_file_that_heals_says_what_it_failed_of_and_shows_its_row(done):
    again = replay(done, find_file(done, "d/07-once"))
    assert (again.fault, again.rows, again.columns, again.first_rows) == (None, 1, ("file",), ("07-once",))
    assert str(again) == f"run() returned 1 row for 1 file, and did not fail as in the job: {ONCE}"


ONCE = f"ConnectionError: not yet (poisoned.py:{line_of('poisoned.py', 'not yet')} in meet)"


def test_a_mini_batch_is_replayed_whole_with_its_number(done, capfd):
    again = replay(done, find_mini_batch(done, 0))
    assert (again.mini_batch, again.files, again.is_as_in_job) == (0, ("a/00", "a/01-raise"), True)
    shown = capfd.readouterr().err
    assert f"cannot read {again.files[1].removeprefix('a/')}" in shown


def test_what_the_job_has_scored_or_not_tried_is_said(done):
    assert str(replay(done, find_file(done, "a/00"))) == "run() returned 1 row for 1 file, as it did in the job"
    untried = replay(done, find_file(done, "c/untried"))
    assert str(untried) == "run() returned 1 row for 1 file, which the job did not try"


def test_another_failure_than_in_the_job_is_told_with_both(done, tmp_path):
    (tmp_path / "code").mkdir()
    other = tmp_path / "code/poisoned.py"
    other.write_text("def run(mini_batch):\n    raise KeyError('other')\n")
    mended = Job(done.manifest.model_copy(update={"script": str(other), "code": str(other.parent)}))
    again = replay(mended, find_file(mended, "a/01-raise"))
    assert not again.is_as_in_job
    assert str(again) == (
        "run() failed: KeyError: 'other' (poisoned.py:2 in run); otherwise in the job: "
        f"ValueError: cannot read 01-raise {AT}"
    )


@pytest.mark.parametrize(
    ("text", "stage", "said"),
    [
        ("import nothing_of_this_name", "import", "importing the script failed: ModuleNotFoundError: No module named"),
        ("def init(): raise OSError('no weights')\ndef run(batch): ...", "init", "init() failed: OSError: no weights"),
        ("def init():\n    while True: pass\ndef run(batch): ...", "init", "import and init() took longer than 0.5 s"),
    ],
)
def test_a_script_that_does_not_start_says_how_far_it_came(done, tmp_path, text, stage, said):
    (tmp_path / "code").mkdir()
    broken = tmp_path / "code/broken.py"
    broken.write_text(text)
    settings = done.manifest.settings.model_copy(update={"init_timeout": 0.5})
    changed = {"script": str(broken), "code": str(broken.parent), "settings": settings}
    job = Job(done.manifest.model_copy(update=changed))
    again = replay(job, find_file(job, "c/untried"))
    assert again.stage == stage
    assert said in str(again)
    assert str(again).endswith("the job did not try this")


def test_the_script_reads_what_is_typed_and_pdb_opens_at_its_own_innermost_frame(done):
    program = (
        "import sys; from scoring.job import Job; from scoring.replay import replay; "
        "from scoring.replay_input import find_file; job = Job.open(sys.argv[1]); "
        "print(replay(job, find_file(job, 'a/01-raise'), debug=True).is_as_in_job)"
    )
    asked = subprocess.run(
        [sys.executable, "-c", program, done.manifest.folder],
        input="p kind\nup\np mini_batch\nq\n",
        capture_output=True,
        text=True,
        cwd=SCRIPTS.parents[1],
    )
    assert f"> {done.manifest.script}({line_of('poisoned.py')})meet()" in asked.stdout
    assert "(Pdb) 'raise'\n" in asked.stdout
    assert f"['{done.manifest.input}/a/01-raise']" in asked.stdout
    assert asked.stdout.endswith("True\n")


def test_pdb_goes_up_from_a_library_to_the_scripts_frame(done, tmp_path):
    (tmp_path / "code").mkdir()
    script = tmp_path / "code/parses.py"
    script.write_text("import json\ndef run(mini_batch):\n    mine = 7\n    return json.loads('{')\n")
    manifest = done.manifest.model_copy(update={"script": str(script), "code": str(script.parent)})
    program = (
        "import sys; from scoring.job import Job; from scoring.manifest import Manifest; "
        "from scoring.replay import replay; from scoring.replay_input import find_file; "
        "job = Job(Manifest.model_validate_json(sys.argv[1])); replay(job, find_file(job, 'c/untried'), debug=True)"
    )
    line = [sys.executable, "-c", program, manifest.model_dump_json()]
    asked = subprocess.run(line, input="p mine\nq\n", capture_output=True, text=True, cwd=SCRIPTS.parents[1])
    assert "(Pdb) 7\n" in asked.stdout


def test_a_file_is_found_by_where_it_lies_and_one_that_is_not_there_with_its_nearest(done, monkeypatch):
    assert find_file(done, f"{done.manifest.input}/b/03-exit").paths == ("b/03-exit",)
    monkeypatch.chdir(Path(done.manifest.input, "b"))
    assert find_file(done, "03-exit").paths == ("b/03-exit",)
    with pytest.raises(InputError, match=r"was not given a file '01-raise'; did you mean a/01-raise\?"):
        find_file(done, "01-raise")
    with pytest.raises(InputError, match=r"was not given a file 'a/01-rise'; did you mean a/01-raise\?"):
        find_file(done, "a/01-rise")
    with pytest.raises(InputError, match="has no mini-batch 5; its last one is 4, its first 0"):
        find_mini_batch(done, 5)


def test_a_script_that_is_gone_is_named(done):
    job = Job(done.manifest.model_copy(update={"script": "/nowhere/script.py"}))
    with pytest.raises(ScriptError, match=r"the script that the job ran with is gone: there is no /nowhere/script\.py"):
        replay(job, find_file(job, "c/untried"))


def test_an_input_in_a_store_is_fetched_and_one_that_is_gone_is_named(make_manifest):
    store = Folder("memory://replay-test/in")
    for name in ("0", "1"):
        store.write(name, b"x")
    manifest = make_manifest("poisoned.py", store.url, mini_batch_size=2)
    manifest.write()
    job = Job.open(manifest.folder)
    write_listing(manifest.input, job.folder)
    assert replay(job, find_file(job, f"{store.url}/1")).first_rows == ("1",)
    store.remove("1")
    with pytest.raises(InputError, match="memory://replay-test/in/1 cannot be fetched"):
        replay(job, find_file(job, "1"))
    assert assemble(job).files.pending == 2
