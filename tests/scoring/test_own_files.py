"""Files that a script writes itself: those of the try that counts, all of them, under names that are nobody else's."""

import os
from pathlib import Path
from textwrap import dedent

import pytest

from scoring import ScriptError
from scoring.assemble import assemble
from scoring.chunk import score_chunk
from scoring.errors import MiniBatchesFailedError
from scoring.fleet import Fleet
from scoring.job import Job
from scoring.listing import write_listing
from scoring.planning import Chunk
from scoring.stopping import EarlyEnd
from scoring.storage import Folder
from tests.scoring.conftest import write_files

ODD_NAMES = ["a b.txt", "100%.txt", "p%20q", "é/日.txt", "x\ny", "deep/er/than/that", "#1?.txt", f"{'n' * 251}.txt"]
TAKEN = {"predictions.csv", "failures.jsonl", "summary.json"}
OF_THE_JOB = {*TAKEN, "report.html"}


@pytest.fixture
def script(tmp_path):
    """Makes a script, whose OUT is where it writes files of its own."""

    def script(code):
        (tmp_path / "code").mkdir(exist_ok=True)
        path = tmp_path / "code/script.py"
        head = 'import os, sys\nfrom pathlib import Path\nOUT = Path(os.environ["AZUREML_BI_OUTPUT_PATH"])\n'
        path.write_text(head + dedent(code))
        return path

    return script


def own_in(folder):
    """What a script wrote into an output folder, by name."""
    found = {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}
    return {name: text for name, text in found.items() if name not in OF_THE_JOB}


WRITES_ONE_FOR_EACH = """
    def run(mini_batch):
        for path in map(Path, mini_batch):
            (OUT / f"{path.name}.txt").write_text(path.read_text())
            if "bad" in path.name:
                raise ValueError("bad")
        return mini_batch
"""


WRITES_NAMES = """
    def run(mini_batch):
        for name in {names!r}:
            (OUT / name).parent.mkdir(parents=True, exist_ok=True)
            (OUT / name).write_text(name)
        (OUT / "nothing").touch()
        (OUT / "empty/folder").mkdir(parents=True)
        return mini_batch
"""


def test_files_of_every_name_are_published_with_their_folders_and_empty_folders_are_not(score_with, script):
    outcome = score_with(script(WRITES_NAMES.format(names=ODD_NAMES)), 1)
    assert own_in(outcome.folder) == {name: name for name in ODD_NAMES} | {"nothing": ""}
    assert not (outcome.folder / "empty").exists()
    assert {*outcome.summary.written} == {*ODD_NAMES, "nothing", *OF_THE_JOB}


def test_files_are_published_in_a_store_under_the_names_they_have(score_with, script, store_root):
    names = [name for name in ODD_NAMES if "\n" not in name]
    writes = script(WRITES_NAMES.format(names=names))
    summary = score_with(writes, 1, output=f"{store_root}/out", output_action="summary_only").summary
    output = Folder(f"{store_root}/out")
    assert {name: output.read(name).decode() for name in names} == {name: name for name in names}
    assert summary.written[-1] == "summary.json"


def test_what_a_failed_try_wrote_is_never_published(score_with, script, tmp_path):
    tries = tmp_path / "tries"
    writes = script(
        """
        def run(mini_batch):
            number = len(os.listdir(os.environ["TRIES"]))
            Path(os.environ["TRIES"], str(number)).touch()
            assert list(OUT.iterdir()) == []
            (OUT / f"try-{number}").mkdir()
            (OUT / f"try-{number}/{Path(mini_batch[0]).name}").write_text("x")
            if number == 0:
                raise ValueError("not yet")
            if number == 1:
                os._exit(1)
            if number == 2:
                while True:
                    pass
            return mini_batch
        """
    )
    tries.mkdir()
    outcome = score_with(writes, 2, variables={"TRIES": str(tries)}, max_retries=3, timeout=1)
    assert outcome.counts == (2, 0, 0, 0)
    assert len(own_in(outcome.folder)) == 2
    assert not [name for name in own_in(outcome.folder) if name.startswith(("try-0", "try-1/", "try-2"))]


def test_a_mini_batch_with_a_bad_file_keeps_what_was_written_for_the_others(score_with, script):
    outcome = score_with(script(WRITES_ONE_FOR_EACH), ["0", "1-bad", "2", "3", "4"], size=5)
    assert outcome.counts == (4, 1, 0, 0)
    assert own_in(outcome.folder) == {f"{name}.txt": name for name in "0234"}


def test_pieces_of_one_mini_batch_cannot_write_one_name(score_with, script):
    writes = script(
        """
        def run(mini_batch, context):
            if any("bad" in path for path in mini_batch):
                raise ValueError("bad")
            (OUT / f"batch-{context.minibatch_index}").write_text(str(len(mini_batch)))
            return mini_batch
        """
    )
    outcome = score_with(writes, ["0", "1", "2-bad", "3"], size=4)
    assert outcome.counts == (2, 2, 0, 0)
    assert own_in(outcome.folder) == {"batch-0": "2"}
    assert [(one["path"], one["error"]) for one in outcome.failures] == [("2-bad", "ValueError"), ("3", "wrong_file")]
    assert "run() wrote 'batch-0' into AZUREML_BI_OUTPUT_PATH again" in outcome.failures[1]["message"]


@pytest.mark.parametrize(
    ("first", "second", "named"), [("x.json", "x.json", "x.json"), ("x", "x/y", "x/y"), ("x/y", "x", "x")]
)
def test_one_name_for_two_mini_batches_is_refused_before_anything_is_published(
    score_with, script, tmp_path, first, second, named
):
    writes = script(
        f"""
        def run(mini_batch):
            target = OUT / ({first!r} if mini_batch[0].endswith("a") else {second!r})
            target.parent.mkdir(exist_ok=True)
            target.touch()
            return mini_batch
        """
    )
    with pytest.raises(ScriptError) as raised:
        score_with(writes, ["a", "b", "c"], size=2)
    assert str(raised.value).startswith(
        f"the scoring script wrote {named!r} into AZUREML_BI_OUTPUT_PATH for mini-batch 0 (of a and others) and "
        "mini-batch 1 (of c), and one would replace the other"
    )
    assert not (tmp_path / "output").exists()


def test_a_script_that_gives_all_its_files_one_name_ends_the_job_at_its_second_mini_batch(score_with, script):
    writes = script(
        """
        def run(mini_batch):
            (OUT / "result.json").touch()
            return mini_batch
        """
    )
    seen = []
    with pytest.raises(ScriptError, match=r"for mini-batch 0 \(of 000\) and mini-batch 1 \(of 001\)"):
        score_with(writes, 50, on_news=seen.append)
    assert len(seen) <= 2


@pytest.mark.parametrize("name", [*sorted(TAKEN), "predictions.partial.csv", ".unfinished.json", "summary.json/x"])
def test_a_script_that_writes_a_file_of_the_jobs_name_is_told_so(score_with, script, tmp_path, name):
    writes = script(
        f"""
        def run(mini_batch):
            (OUT / {name!r}).parent.mkdir(exist_ok=True)
            (OUT / {name!r}).touch()
            return mini_batch
        """
    )
    with pytest.raises(ScriptError, match=f"wrote {name.partition('/')[0]} into AZUREML_BI_OUTPUT_PATH"):
        score_with(writes, 1)
    assert not (tmp_path / "output").exists()


@pytest.mark.parametrize(
    ("does", "said"),
    [
        ('(OUT / "x").symlink_to(mini_batch[0])', "'x' in AZUREML_BI_OUTPUT_PATH, which is a link; leave files there"),
        ('(OUT / "x").symlink_to("/etc")', "'x' in AZUREML_BI_OUTPUT_PATH, which is a link"),
        ('os.mkfifo(OUT / "x")', "'x' in AZUREML_BI_OUTPUT_PATH, which is no plain file"),
        ('open(os.fsencode(OUT) + b"/\\xff", "w").close()', "a name that is not UTF-8; give the file another"),
    ],
)
def test_what_is_no_plain_file_is_a_failed_try_and_costs_no_other_mini_batch(score_with, script, does, said):
    writes = script(
        f"""
        def run(mini_batch):
            if "bad" in mini_batch[0]:
                {does}
            else:
                (OUT / Path(mini_batch[0]).name).touch()
            return mini_batch
        """
    )
    outcome = score_with(writes, ["0", "1-bad", "2"])
    assert own_in(outcome.folder) == {"0": "", "2": ""}
    assert outcome.counts == (2, 1, 0, 0)
    assert outcome.failures[0]["error"] == "wrong_file"
    assert said in outcome.failures[0]["message"]


def test_what_init_made_stays_and_its_files_are_not_published(score_with, script, caplog):
    caplog.set_level("INFO", logger="scoring")
    writes = script(
        """
        def init():
            OUT.rmdir()
            (OUT / "masks").mkdir(parents=True)
            (OUT / "of-init.txt").write_text("x")
        def run(mini_batch):
            assert sorted(os.listdir(OUT)) == ["masks", "of-init.txt"]
            (OUT / "masks" / Path(mini_batch[0]).name).touch()
            return mini_batch
        """
    )
    outcome = score_with(writes, 3)
    assert own_in(outcome.folder) == {"masks/000": "", "masks/001": "", "masks/002": ""}
    assert "init() wrote 'of-init.txt' into AZUREML_BI_OUTPUT_PATH" in caplog.text


def test_a_file_that_changes_after_its_mini_batch_is_refused(score_with, script, tmp_path):
    writes = script(
        """
        kept = None
        def run(mini_batch):
            global kept
            kept = kept or open(OUT / "log", "w")
            print(mini_batch[0], file=kept, flush=True)
            return mini_batch
        """
    )
    with pytest.raises(ScriptError, match="'log' in AZUREML_BI_OUTPUT_PATH has changed since run"):
        score_with(writes, 2)
    assert not (tmp_path / "output").exists()


def test_mini_batches_may_share_one_folder(score_with, script):
    writes = script(
        """
        def run(mini_batch):
            with open(OUT / "all.txt", "a") as everything:
                everything.write(Path(mini_batch[0]).name)
            (OUT / "last").write_text(Path(mini_batch[0]).name)
            return mini_batch
        """
    )
    outcome = score_with(writes, ["0", "1", "2"], shared_output=True)
    assert own_in(outcome.folder) == {"all.txt": "012", "last": "2"}


@pytest.fixture(params=["local", "s3"])
def job(script, make_manifest, tmp_path, request):
    """A job in a folder or in a store, of four files; the last is bad for as long as the file `broken` is there."""
    writes = script(
        WRITES_ONE_FOR_EACH.replace('"bad" in path.name', 'path.name == "3" and Path(os.environ["B"]).exists()')
    )
    (tmp_path / "broken").touch()
    manifest = make_manifest(
        writes, write_files(tmp_path / "in", "0123"), {"B": str(tmp_path / "broken")},
        mini_batch_size=2, retry_settings={"max_retries": 0},
    )  # fmt: skip
    if request.param != "local":
        manifest = manifest.model_copy(update={"folder": f"{request.getfixturevalue('s3_root')}/job"})
    manifest.write()
    job = Job.open(manifest.folder)
    write_listing(manifest.input, job.folder)
    yield job
    job.folder.remove_all()


def test_a_resumed_job_publishes_what_was_written_before_and_after_it_went_on(job, tmp_path):
    fleet = Fleet(job.manifest.launch())
    with pytest.raises(MiniBatchesFailedError):
        score_chunk(job, Chunk(first=0, last=1), fleet, attempt=1, tell=lambda news: None)
    fleet.close()
    assert assemble(job, end=EarlyEnd("interrupted")).files.failed == 1
    output = Path(job.manifest.output)
    rows = "".join(f"{tmp_path}/in/{name}\n" for name in "012")
    own = {f"{name}.txt": name for name in "012"}
    assert own_in(output) == own | {"predictions.partial.csv": f"prediction\n{rows}"}
    (tmp_path / "broken").unlink()
    fleet = Fleet(job.manifest.launch(), has_scored=True)
    score_chunk(job, Chunk(first=0, last=1), fleet, attempt=1, tell=lambda news: None)
    fleet.close()
    assert assemble(job).state == "Completed"
    assert own_in(output) == {f"{name}.txt": name for name in "0123"}
    assert os.listdir(fleet.scratch.parent).count(fleet.scratch.name) == 0
