"""Output is a function of the input: rows in input order, the same bytes whatever the slots, tries and crashes."""

import pytest

from scoring.manifest import Manifest

NAMES = [f"{number:02d}{letter}" for number in range(13) for letter in "xyz"]


def test_one_slot_and_four_give_the_same_bytes_in_input_order(score_with, tmp_path):
    one = score_with("ok.py", NAMES, size=2, slots=1, output=tmp_path / "one")
    four = score_with("ok.py", NAMES, size=2, slots=4, output=tmp_path / "four")
    assert one.rows == four.rows
    assert one.summary.sha256 == four.summary.sha256
    assert one.rows.splitlines() == ["file,text", *(f"{name},{name}" for name in NAMES)]


def test_a_crash_and_its_retry_do_not_change_a_byte(score_with, tmp_path):
    (tmp_path / "seen").mkdir()
    names = [f"{name}-bad" if at % 5 == 0 else name for at, name in enumerate(NAMES)]
    settings = {"files": names, "size": 3, "max_retries": 1, "variables": {"SEEN": str(tmp_path / "seen")}}
    with_failures = score_with("raises_once.py", slots=3, output=tmp_path / "first", **settings)
    assert with_failures.summary.tries > with_failures.summary.mini_batches
    without = score_with("raises_once.py", slots=1, output=tmp_path / "second", **settings)
    assert without.summary.tries == without.summary.mini_batches
    assert with_failures.rows == without.rows


def test_hidden_files_are_skipped_counted_and_named(score_with):
    outcome = score_with("ok.py", ["a", ".hidden", ".git/config", "b/.also", "b/c"])
    assert outcome.counts == (2, 0, 3, 0)
    assert [one["path"] for one in outcome.summary.skipped] == [".git/config", ".hidden", "b/.also"]
    assert {one["reason"] for one in outcome.summary.skipped} == {"hidden"}
    assert outcome.rows.splitlines()[1:] == ["a,a", "c,b/c"]


def test_hidden_files_are_scored_when_asked_for(score_with):
    assert score_with("ok.py", ["a", ".hidden", ".git/config"], include_hidden=True).counts == (3, 0, 0, 0)


def test_a_script_that_iterates_over_sets_gives_the_same_bytes_in_each_process(score_with, tmp_path):
    script = tmp_path / "sets.py"
    script.write_text(
        "def run(mini_batch):\n    return [' '.join({'red', 'green', 'blue', 'grey'})] * len(mini_batch)\n"
    )
    assert len(set(score_with(script, 12, slots=3).rows.splitlines()[1:])) == 1


@pytest.mark.parametrize("name", ["new\nline", 'quo"te, comma', "ünï-日本", " space ", "per%20cent#?*", "back\\slash"])
def test_a_file_of_any_name_is_scored_and_reported_by_its_name(score_with, name):
    outcome = score_with("raises_on_bad_file.py", [f"1{name}", f"2{name}bad"])
    assert outcome.counts == (1, 1, 0, 0)
    assert outcome.failures[0]["path"] == f"2{name}bad"
    assert f"1{name}".replace('"', '""') in outcome.rows


@pytest.mark.parametrize("output_file_name", ["p.csv", "p.jsonl", "p.parquet"])
def test_a_file_whose_name_is_no_text_is_scored_and_reported(score_with, tmp_path, output_file_name):
    folder = tmp_path / "odd"
    folder.mkdir()
    for name in (b"1-\xff\xfe", b"2-\xffbad", b".\xff"):
        (folder / name.decode("utf-8", "surrogateescape")).write_text("x")
    outcome = score_with("raises_on_bad_file.py", inputs=folder, output_file_name=output_file_name)
    assert outcome.counts == (1, 1, 1, 0)
    assert outcome.failures[0]["path"] == "2-\\udcffbad"
    assert outcome.summary.skipped[0]["path"] == ".\\udcff"
    if not output_file_name.endswith("parquet"):
        assert "1-\\udcff\\udcfe" in outcome.rows


def test_a_manifest_of_a_job_that_writes_no_rows_can_be_read_again(make_manifest, tmp_path):
    manifest = make_manifest("ok.py", tmp_path, output_action="summary_only")
    manifest.write()
    assert Manifest.read(manifest.folder).model_dump() == manifest.model_dump()
