"""Tables in a job's folder: a row for each mini-batch, failed try and sample, whatever ended the job and how often."""

import csv
import time
from pathlib import Path

import pytest

import scoring
from scoring.chunk import score_chunk
from scoring.errors import JobStoppedError
from scoring.facts import Facts
from scoring.fleet import Fleet
from scoring.job import Job
from scoring.ledger import Entry
from scoring.listing import write_listing
from scoring.planning import Chunk
from scoring.samples import pause_after
from scoring.storage import Folder
from scoring.tables import Tables, write_tables
from tests.scoring.conftest import SCRIPTS, write_files
from tests.scoring.killed_job import go_on_with

TABLES = ("mini-batches", "failed-tries", "resources")
WEEK = 7 * 24 * 3600


@pytest.fixture
def make_job(tmp_path, make_manifest):
    """A job in a folder, listed and not begun."""

    def make_job(script, names, variables=None, **settings):
        retries = {"max_retries": 1, "timeout": 20, **settings.pop("retry_settings", {})}
        inputs = write_files(tmp_path / "in", names)
        manifest = make_manifest(script, inputs, variables, retry_settings=retries, **settings)
        manifest.write()
        job = Job.open(manifest.folder)
        write_listing(manifest.input, job.folder)
        return job

    return make_job


def table(job, name):
    with job.folder.open(f"logs/{name}.csv") as file:
        return list(csv.DictReader(file.read().decode().splitlines()))


def test_each_mini_batch_has_a_row_in_order_and_its_times_follow_one_another(make_job):
    job = make_job("sleeps.py", ["0", "1", "2", "3"], {"SECONDS": "0.1"}, mini_batch_size=2)
    before = time.time()
    go_on_with(job.manifest.folder)
    rows = table(job, "mini-batches")
    assert [(row["mini_batch"], row["files"], row["scored"], row["rows"]) for row in rows] == [
        ("0", "2", "2", "2"),
        ("1", "2", "2", "2"),
    ]
    assert {row["exit"] for row in rows} == {"ok"}
    assert all(0.1 <= float(row["scoring"]) < 1 for row in rows)
    assert all(float(row["writing"]) > 0 for row in rows)
    assert float(rows[0]["waiting"]) > 3 * float(rows[1]["waiting"]), "only the first waits for an interpreter"
    ended = before
    for row in rows:
        assert float(row["began"]) >= ended - 0.01
        ended = float(row["began"]) + sum(float(row[each]) for each in ("waiting", "fetching", "scoring", "writing"))
    assert ended <= time.time() + 0.01


def test_a_job_without_a_server_keeps_its_logs_and_tables_in_the_folder_it_is_given(tmp_path):
    inputs, folder = write_files(tmp_path / "in", ["0", "1"]), tmp_path / "job"
    scoring.score(script=SCRIPTS / "prints_everywhere.py", inputs=inputs, output=tmp_path / "out", folder=folder)
    names = {path.name for path in (folder / "logs").iterdir()}
    assert names == {f"{each}.csv" for each in TABLES} | {"slot-0.log", "overview.log", "errors.log"}
    with pytest.raises(scoring.InputError, match="job is the folder of another job; give one that is not there yet"):
        scoring.score(script=SCRIPTS / "ok.py", inputs=inputs, output=tmp_path / "other", folder=folder)
    assert not (tmp_path / "other").exists()


def test_a_job_without_a_server_whose_init_fails_has_logs_and_tables_in_its_folder_and_no_output(tmp_path):
    inputs, folder = write_files(tmp_path / "in", ["0", "1"]), tmp_path / "job"
    with pytest.raises(scoring.InitFailedError):
        scoring.score(script=SCRIPTS / "raises_in_init.py", inputs=inputs, output=tmp_path / "out", folder=folder)
    assert not (tmp_path / "out").exists()
    assert {f"{each}.csv" for each in TABLES} <= {path.name for path in (folder / "logs").iterdir()}
    *_, last = (folder / "logs/overview.log").read_text().splitlines()
    assert "init() of the scoring script failed: " in last, "the end is told at its time, after what led to it"
    assert "Traceback" in (folder / "logs/errors.log").read_text()


def test_a_failed_try_is_kept_though_a_later_one_succeeded(make_job, tmp_path):
    (tmp_path / "seen").mkdir()
    job = make_job("raises_once.py", ["0", "1-bad", "2", "3-bad"], {"SEEN": str(tmp_path / "seen")})
    go_on_with(job.manifest.folder)
    assert [(row["tries"], row["exit"]) for row in table(job, "mini-batches")] == [
        ("1", "ok"),
        ("2", "ok"),
        ("1", "ok"),
        ("2", "ok"),
    ]
    tries = table(job, "failed-tries")
    assert [(row["mini_batch"], row["try"], row["exit"]) for row in tries] == [
        ("1", "1", "ConnectionError"),
        ("3", "1", "ConnectionError"),
    ]
    assert {row["message"] for row in tries} == {"the feature store is busy"}
    assert all(row["where"].startswith("raises_once.py:") for row in tries)


def test_the_last_try_of_a_mini_batch_says_how_it_ended_and_what_isolation_saved(make_job):
    names = ["00", "01-raise", "02-hang", "03", "04-exit", "05-skip"]
    job = make_job("poisoned.py", names, mini_batch_size=2, retry_settings={"timeout": 1, "max_retries": 1})
    go_on_with(job.manifest.folder)
    rows = table(job, "mini-batches")
    assert [(row["scored"], row["failed"], row["exit"]) for row in rows] == [
        ("1", "1", "ValueError"),
        ("1", "1", "timeout"),
        ("0", "2", "exit"),
    ]
    assert float(rows[1]["scoring"]) > 2, "it ran into its deadline as a whole and alone"
    tries = table(job, "failed-tries")
    assert [(row["mini_batch"], row["try"]) for row in tries] == [
        (str(at), str(no)) for at in range(3) for no in (1, 2)
    ]


def test_a_job_that_goes_on_loses_no_row_and_has_none_twice(make_job, tmp_path):
    (tmp_path / "broken").touch()
    variables = {"LOG": str(tmp_path / "log"), "BROKEN": str(tmp_path / "broken")}
    job = make_job("notes_each_file.py", [f"{number}{'-bad' * (number == 4)}" for number in range(10)], variables)
    go_on_with(job.manifest.folder)
    before, sampled = table(job, "mini-batches"), table(job, "resources")
    (tmp_path / "broken").unlink()
    go_on_with(job.manifest.folder)
    after = table(job, "mini-batches")
    assert [row["mini_batch"] for row in after] == [str(number) for number in range(10)]
    assert [row["exit"] for row in after] == ["ok"] * 10
    assert [row for row in after if row["mini_batch"] != "4"] == [row for row in before if row["mini_batch"] != "4"]
    assert [(row["mini_batch"], row["try"]) for row in table(job, "failed-tries")] == [("4", "1"), ("4", "2")]
    samples = table(job, "resources")
    assert samples[: len(sampled)] == sampled
    assert len({row["pid"] for row in sampled}) == len({row["pid"] for row in samples[len(sampled) :]}) == 1


def test_a_job_that_was_stopped_has_its_tables_too(make_job):
    job = make_job("sleeps.py", [str(number) for number in range(6)], {"SECONDS": "0.01"})
    fleet = Fleet(job.manifest.launch())

    def stop_after_three(news):
        if news.mini_batch == 3:
            fleet.stop()

    with pytest.raises(JobStoppedError):
        score_chunk(job, Chunk(first=0, last=5), fleet, attempt=1, tell=stop_after_three)
    write_tables(job)
    assert [row["mini_batch"] for row in table(job, "mini-batches")] == ["0", "1", "2", "3"]


def test_tables_of_a_job_in_an_object_store_are_put_there(make_job, tmp_path):
    local = make_job("ok.py", ["0", "1"])
    manifest = local.manifest.model_copy(update={"folder": "memory://tables-test", "output": str(tmp_path / "out")})
    manifest.write()
    job = Job(manifest)
    go_on_with(manifest.folder)
    assert [row["exit"] for row in table(job, "mini-batches")] == ["ok", "ok"]
    assert not Path(tmp_path / "job/logs").exists()


def test_samples_tell_the_memory_and_time_of_the_script_and_all_it_started(make_job):
    job = make_job("holds_memory_in_a_child.py", ["0"])
    go_on_with(job.manifest.folder)
    samples = table(job, "resources")
    assert {row["slot"] for row in samples} == {"0"}
    assert max(int(row["memory_bytes"]) for row in samples) > 200 << 20
    assert float(samples[-1]["cpu_seconds"]) > 0.01
    assert [row["time"] for row in samples] == sorted(row["time"] for row in samples)


def test_a_week_of_looking_is_at_most_two_thousand_samples():
    age, looks = 0.0, 0
    while age < WEEK:
        age += pause_after(age)
        looks += 1
    assert 1000 < looks <= 2000


def test_what_a_job_wrote_before_there_were_tables_is_read_as_far_as_it_goes(make_job):
    job = make_job("ok.py", ["0"])
    told = '{"mini_batch": 0, "files": 1, "rows": 1, "seconds": 0.25, "slot": 1}'
    with Tables(job) as tables:
        tables.add(Entry(0, 1, facts=Facts.model_validate_json(told)))
    [row] = table(job, "mini-batches")
    assert (row["began"], row["waiting"], row["scoring"], row["exit"]) == ("0.000", "0.000000", "0.250000", "ok")
    assert table(job, "failed-tries") == table(job, "resources") == []


def test_a_hundred_thousand_rows_take_well_under_two_seconds(make_job):
    job = make_job("ok.py", ["0"])
    facts = Facts(mini_batch=0, files=10, rows=10, seconds=0.001234, began=1e9, wait_seconds=1e-5, slot=1)
    began = time.process_time()
    with Tables(job) as tables:
        for number in range(100_000):
            tables.add(Entry(number, 10, facts=facts))
    assert time.process_time() - began < 2
    assert len(job.folder.read("logs/mini-batches.csv").splitlines()) == 100_001


def test_nothing_is_written_over_the_tables_of_a_run_that_follows(make_job):
    job = make_job("ok.py", ["0"])
    older = job.leased()
    go_on_with(job.manifest.folder)
    before = job.folder.read("logs/mini-batches.csv")
    with pytest.raises(Exception, match="another run"):
        write_tables(older)
    assert job.folder.read("logs/mini-batches.csv") == before
    assert Folder(job.folder.url_of("logs")).names()
