"""A job that stands on an earlier one scores what is new, and writes what it would have written alone."""

import random
from pathlib import Path

import pytest

from scoring.base import differences, keep_rows, needs_base
from scoring.facts import Record
from scoring.job import Job
from scoring.listing import copy_listing, write_listing
from scoring.manifest import Base, Versioned
from scoring.storage import Folder
from scoring.units import split_rows
from tests.scoring.conftest import write_files
from tests.scoring.killed_job import go_on_with

NAMES = [f"{number:02d}" for number in range(23)]


class Run(Record):
    """What a job came to."""

    called: list[str]
    rows: bytes
    failures: bytes
    message: str


@pytest.fixture
def inputs(tmp_path):
    return write_files(tmp_path / "in", NAMES)


@pytest.fixture
def manifest_of(tmp_path, make_manifest, inputs):
    """The manifest of one of several jobs over the inputs."""

    def manifest_of(name, base=None, *, is_whole=False, rows=1, **settings):
        log = tmp_path / f"{name}.log"
        log.touch()
        made = make_manifest(
            "tells_of_each_file.py",
            inputs,
            {"LOG": str(log), "ROWS": str(rows)},
            **{"mini_batch_size": 4, "retry_settings": {"max_retries": 0}} | settings,
        )
        folder = tmp_path / name
        named = {"job": name, "folder": str(folder), "output": str(folder / "score")}
        named["base"] = Base(job=base, folder=str(tmp_path / base), is_whole=is_whole) if base else None
        return made.model_copy(update=named)

    return manifest_of


@pytest.fixture
def run(manifest_of):
    def run(name, *args, **settings):
        manifest = manifest_of(name, *args, **settings)
        manifest.write()
        if manifest.base and manifest.base.is_whole:
            copy_listing(Folder(manifest.base.folder), Folder(manifest.folder))
        go_on_with(manifest.folder)
        output = Path(manifest.output)
        return Run(
            called=sorted(Path(manifest.settings.environment_variables["LOG"]).read_text().split()),
            rows=next(output.glob("predictions*")).read_bytes(),
            failures=(output / "failures.jsonl").read_bytes(),
            message=(output / "summary.json").read_text(),
        )

    return run


def test_nothing_is_scored_where_nothing_has_changed(run):
    first, second = run("first"), run("second", "first")
    assert second.called == []
    assert second.rows == first.rows
    assert '"message": "23 files scored (23 kept of job first)"' in second.message


@pytest.mark.parametrize("file_name", ["predictions.csv", "predictions.jsonl", "predictions.parquet"])
def test_new_and_changed_files_alone_are_scored_and_the_rows_are_in_input_order(run, inputs, file_name):
    run("first", output_file_name=file_name)
    (inputs / "05").write_text("changed, and longer")
    (inputs / "11").unlink()
    write_files(inputs, ["00-new", "07-new", "zz"])
    second = run("second", "first", output_file_name=file_name)
    assert second.called == ["00-new", "05", "07-new", "zz"]
    assert second.rows == run("alone", output_file_name=file_name).rows


def test_where_a_file_has_several_rows_whole_calls_are_kept(run, inputs):
    run("first", rows=3)
    (inputs / "05").write_text("changed, and longer")
    write_files(inputs, ["15-new"])
    second = run("second", "first", rows=3)
    # 05 takes along its mini-batch, and of those after 15 only the last lies in one again.
    assert second.called == ["04", "05", "06", "07", "15-new", "16", "17", "18", "19"]
    assert second.rows == run("alone", rows=3).rows


def test_a_third_job_keeps_what_the_second_kept(run, inputs):
    run("first")
    write_files(inputs, ["05-new"])
    run("second", "first")
    (inputs / "20").write_text("changed, and longer")
    third = run("third", "second")
    assert third.called == ["20"]
    assert third.rows == run("alone").rows


def test_failed_files_are_scored_again_and_their_failures_are_gone(run, inputs):
    (inputs / "06").write_text("bad")
    (inputs / "21").write_text("bad")
    first = run("first")
    assert first.failures.count(b"\n") == 2
    (inputs / "06").write_text("good")
    write_files(inputs, ["06-new"])
    second = run("second", "first", is_whole=True)
    assert second.called == ["06", "21"]
    assert [b'"path": "21"' in line for line in second.failures.splitlines()] == [True]
    (inputs / "06-new").unlink()
    assert second.rows == run("alone").rows


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_whatever_has_changed_the_rows_are_those_of_a_job_that_stands_alone(run, inputs, seed):
    chance = random.Random(seed)
    rows, size = chance.choice([1, 1, 2]), chance.randrange(1, 7)
    expected = set()
    run("first", rows=rows, mini_batch_size=size)
    for name in NAMES:
        fate = chance.random()
        if fate < 0.15:
            (inputs / name).unlink()
        elif fate < 0.3:
            (inputs / name).write_text(f"changed {fate}")
            expected.add(name)
        elif fate < 0.4:
            write_files(inputs, [f"{name}-new"])
            expected.add(f"{name}-new")
    second = run("second", "first", rows=rows, mini_batch_size=size)
    assert second.rows == run("alone", rows=rows, mini_batch_size=size).rows
    assert {*second.called} >= expected
    if rows == 1:
        assert {*second.called} == expected


def test_a_job_needs_its_base_until_it_has_taken_over_what_it_keeps(run, manifest_of):
    run("first")
    manifest = manifest_of("second", "first")
    manifest.write()
    job = Job(manifest)
    write_listing(manifest.input, job.folder)
    assert needs_base(manifest)
    assert keep_rows(job) == keep_rows(job) == len(NAMES)
    assert not needs_base(manifest)


def test_what_rows_depend_on_is_told_when_it_has_changed(manifest_of):
    base = manifest_of("first")
    quiet = base.settings.model_copy(update={"logging_level": "debug", "error_threshold": 3})
    assert differences(base, base.model_copy(update={"settings": quiet})) == ""
    threads = base.settings.model_copy(update={"threads": 2})
    assert differences(base, base.model_copy(update={"settings": threads})) == "settings.threads has changed"
    model = Versioned(name="m", version="2", digest="other")
    assert (
        differences(base, base.model_copy(update={"model": model, "code_digest": "new"}))
        == "the model, the code have changed"
    )
    base.own_files.write("000000000-1/heatmap.png", b"")
    assert differences(base, base) == "the script writes files of its own, which are not kept"


def test_rows_are_split_only_where_it_is_known_where_each_ends():
    assert split_rows(b'1,"a\n""b"\n2,c\n', "csv", 2) == [b'1,"a\n""b"\n', b"2,c\n"]
    assert split_rows(b"1\n2\n", "azureml", 2) == [b"1\n", b"2\n"]
    assert split_rows(b"1\n2\n3\n", "azureml", 2) is None
    assert split_rows(b"", "none", 2) == [b"", b""]
