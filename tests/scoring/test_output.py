"""Nothing is half there: the output appears whole, is never overwritten unless asked, and is refused early."""

import json
from pathlib import Path

import pytest

from scoring import OutputExistsError
from scoring.output import check_output, partial_name
from scoring.settings import Settings
from scoring.storage import link_or_copy
from tests.scoring.conftest import write_files


def names_in(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.mark.parametrize("taken", ["predictions.csv", "failures.jsonl", "summary.json"])
def test_an_output_that_exists_is_refused_before_anything_runs(score_with, tmp_path, taken):
    write_files(tmp_path / "output", [taken])
    log = tmp_path / "log"
    with pytest.raises(OutputExistsError, match=f"output/{taken} exists already"):
        score_with("shuts_down.py", variables={"LOG": str(log)})
    assert not log.exists()
    assert names_in(tmp_path / "output") == [taken]


def test_an_output_folder_that_is_a_file_is_refused_before_anything_runs(score_with, tmp_path):
    (tmp_path / "output").write_text("not a folder")
    with pytest.raises(OutputExistsError, match="output exists already"):
        score_with("ok.py")
    assert (tmp_path / "output").read_text() == "not a folder"


@pytest.mark.parametrize("taken", ["predictions.csv", "failures.jsonl", "summary.json"])
def test_an_output_that_appears_meanwhile_is_refused_again_and_nothing_of_ours_is_left(score_with, tmp_path, taken):
    def appear(_news):
        write_files(tmp_path / "output", [taken, "other/file"])

    with pytest.raises(OutputExistsError, match=taken):
        score_with("ok.py", on_news=appear)
    assert names_in(tmp_path / "output") == sorted([taken, "other", "other/file"])
    assert (tmp_path / "output" / taken).read_text() == taken
    assert sorted(path.name for path in tmp_path.iterdir()) == ["input", "output"]


def test_other_files_in_the_output_folder_stay(score_with, tmp_path):
    write_files(tmp_path / "output", ["notes.txt", "old/predictions.csv"])
    score_with("ok.py")
    assert names_in(tmp_path / "output") == [
        "failures.jsonl",
        "notes.txt",
        "old",
        "old/predictions.csv",
        "predictions.csv",
        "report.html",
        "summary.json",
    ]


def test_two_file_names_share_an_output_folder_only_if_nothing_else_clashes(score_with, tmp_path):
    score_with("ok.py")
    with pytest.raises(OutputExistsError, match=r"failures\.jsonl"):
        score_with("ok.py", output_file_name="other.csv")


def test_an_output_is_replaced_when_asked_for(score_with, tmp_path):
    write_files(tmp_path / "output", ["predictions.csv", "summary.json", "notes.txt"])
    outcome = score_with("ok.py", 1, overwrite=True)
    assert outcome.rows == "file,text\n000,000\n"
    assert json.loads((tmp_path / "output/summary.json").read_text())["state"] == "Completed"
    assert (tmp_path / "output/notes.txt").exists()


def test_a_file_in_the_place_of_the_output_folder_is_not_replaced(score_with, tmp_path):
    (tmp_path / "output").write_text("not a folder")
    with pytest.raises(OutputExistsError, match="output exists already"):
        score_with("ok.py", overwrite=True)
    assert (tmp_path / "output").read_text() == "not a folder"


def test_an_output_below_folders_that_are_not_there_is_made(score_with, tmp_path):
    assert score_with("ok.py", 1, output=tmp_path / "a/b/c").rows


def test_nothing_is_left_beside_the_output(score_with, tmp_path):
    score_with("ok.py", 1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["input", "output"]


def test_the_summary_tells_what_lies_beside_it(score_with, tmp_path):
    outcome = score_with("writes_its_own_files.py", ["a.png", "zz.png"])
    assert list(outcome.summary.written) == [
        name for name in outcome.summary.written if (outcome.folder / name).is_file()
    ]
    assert set(outcome.summary.written) == {
        "a.json",
        "failures.jsonl",
        "masks/a.png",
        "masks/zz.png",
        "predictions.csv",
        "report.html",
        "summary.json",
        "zz.json",
    }
    assert outcome.summary.rows_file == "predictions.csv"
    assert outcome.summary.rows_url == str(tmp_path / "output/predictions.csv")
    assert json.loads((outcome.folder / "summary.json").read_text()) == outcome.summary.model_dump(mode="json")


def test_summary_only_writes_no_rows(score_with):
    outcome = score_with("returns_too_many_rows.py", 4, size=2, output_action="summary_only")
    assert names_in(outcome.folder) == ["failures.jsonl", "report.html", "summary.json"]
    assert (outcome.summary.rows, outcome.summary.rows_file, outcome.summary.sha256) == (12, None, None)
    assert outcome.counts == (4, 0, 0, 0)


def test_a_short_return_counts_in_summary_only_as_well(score_with):
    assert score_with("returns_too_few_rows.py", 10, size=5, output_action="summary_only").counts == (8, 2, 0, 0)


def test_an_output_on_another_file_system_is_complete(score_with, other_file_system):
    outcome = score_with("writes_its_own_files.py", ["a", "b"], output=other_file_system / "out")
    assert names_in(outcome.folder) == [
        "a.json", "b.json", "failures.jsonl", "masks", "masks/a", "masks/b", "predictions.csv",
        "report.html", "summary.json"
    ]  # fmt: skip


def test_a_file_is_copied_where_it_cannot_be_linked_and_never_over_another(tmp_path, other_file_system):
    source = tmp_path / "source"
    source.write_text("new")
    link_or_copy(source, other_file_system / "target")
    assert (other_file_system / "target").read_text() == "new"
    source.write_text("newer")
    with pytest.raises(FileExistsError):
        link_or_copy(source, other_file_system / "target")
    assert names_in(other_file_system) == ["target"]
    assert (other_file_system / "target").read_text() == "new"


@pytest.fixture
def other_file_system(tmp_path):
    import tempfile

    memory = Path("/dev/shm")
    if not memory.is_dir() or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second file system to write to")
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


def test_a_job_that_ended_before_may_replace_what_it_wrote_itself(tmp_path):
    written = ["failures.jsonl", "predictions.partial.csv", "summary.json"]
    write_files(tmp_path, written)
    (tmp_path / "summary.json").write_text(json.dumps({"job": "mine", "written": written}))
    check_output(str(tmp_path), Settings(), job="mine")
    with pytest.raises(OutputExistsError):
        check_output(str(tmp_path), Settings(), job="another")


@pytest.mark.parametrize(
    ("name", "partial"), [("a.csv", "a.partial.csv"), ("rows", "rows.partial"), ("a.b.parquet", "a.b.partial.parquet")]
)
def test_an_output_without_every_row_is_called_partial(name, partial):
    assert partial_name(name) == partial


def test_an_output_on_an_object_store_is_whole_and_never_replaced(score_with):
    from scoring.storage import Folder

    store = Folder("memory://output-test/score")
    score_with("ok.py", 2, output=store.url)
    assert store.names() == ["failures.jsonl", "predictions.csv", "report.html", "summary.json"]
    assert store.read("predictions.csv") == b"file,text\n000,000\n001,001\n"
    with pytest.raises(OutputExistsError, match=r"memory://output-test/score/predictions\.csv exists already"):
        score_with("ok.py", 2, output=store.url)
