"""An output in an object store: not seen before it is whole, one job's only, and never over another's."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from scoring.access import Access, grant
from scoring.errors import OutputClaimedError, OutputExistsError, StoreError
from scoring.publication import CLAIM, Publication
from scoring.storage import Folder
from tests.faulty_proxy import faulty_proxy, url_of
from tests.object_stores import READER

NAMES = ["failures.jsonl", "predictions.csv", "report.html", "summary.json"]


@pytest.fixture
def output(store_root):
    return Folder(f"{store_root}/out")


@pytest.fixture
def publish(tmp_path):
    """Publishes an output whose files hold the name of its job."""

    def publish(output, job, own=(), names=NAMES, overwrite=False):
        staged = tmp_path / job
        staged.mkdir(exist_ok=True)
        for name in names:
            (staged / name).write_text(job)
        Publication(output, job, set(own), overwrite=overwrite).publish(staged, list(names))

    return publish


def content_of(output):
    """Each file's text by its name, hidden ones too."""
    return {name: output.read(name).decode() for name in output.names()}


def test_an_output_in_a_store_is_seen_when_it_is_whole_and_equals_the_local_one(score_with, output):
    seen = []
    outcome = score_with("ok.py", 6, size=2, output=output.url, on_news=lambda _: seen.extend(output.names()))
    assert seen == []
    assert output.names() == sorted(outcome.summary.written) == NAMES
    local = score_with("ok.py", 6, size=2)
    assert output.read("predictions.csv").decode() == local.rows
    assert outcome.summary.sha256 == local.summary.sha256


def test_of_jobs_that_publish_at_once_one_wins_and_its_output_is_whole(output, publish):
    def attempt(number):
        try:
            publish(output, f"job-{number}")
        except (OutputExistsError, OutputClaimedError):
            return None
        return f"job-{number}"

    with ThreadPoolExecutor(6) as threads:
        (winner,) = [job for job in threads.map(attempt, range(6)) if job]
    assert content_of(output) == dict.fromkeys(NAMES, winner)


def test_a_job_that_died_while_it_published_goes_on_and_others_are_told(output, publish):
    output.write(CLAIM, json.dumps({"job": "mine", "names": NAMES}).encode())
    output.write("predictions.csv", b"mine, put before it died")
    with pytest.raises(OutputClaimedError, match=rf"job mine is writing its output to {output.url}; choose another"):
        publish(output, "theirs")
    publish(output, "mine")
    assert content_of(output) == dict.fromkeys(NAMES, "mine")


def test_a_name_that_is_taken_is_refused_and_nothing_of_ours_is_left(output, publish):
    output.write("predictions.csv", b"theirs")
    with pytest.raises(
        OutputExistsError, match=rf"{output.url}/predictions\.csv \(datastore 'the-store'\) exists already"
    ):
        publish(output, "mine")
    assert content_of(output) == {"predictions.csv": "theirs"}


def test_what_the_job_wrote_before_is_replaced_and_what_it_no_longer_writes_goes(output, publish):
    before = ["failures.jsonl", "predictions.partial.csv", "summary.json"]
    publish(output, "first-run", names=before)
    publish(output, "second-run", own=before)
    assert content_of(output) == dict.fromkeys(NAMES, "second-run")


def test_an_output_is_replaced_in_a_store_when_asked_for(output, publish):
    publish(output, "theirs")
    output.write("notes.txt", b"other")
    publish(output, "mine", overwrite=True)
    assert content_of(output) == {**dict.fromkeys(NAMES, "mine"), "notes.txt": "other"}


def test_a_put_whose_answer_is_lost_is_not_taken_for_somebody_elses(s3, s3_root, publish):
    def lose_first(method, path, before):
        return "lose" if method == "PUT" and not before and CLAIM not in path else None

    with faulty_proxy(s3.url, lose_first) as proxy:
        grant(Access(s3_root, "lab", s3.options(endpoint_url=url_of(proxy))))
        publish(Folder(f"{s3_root}/out"), "mine")
        assert proxy.faults["lose"] == len(NAMES)
    grant(Access(s3_root, "lab", s3.options()))
    assert content_of(Folder(f"{s3_root}/out")) == dict.fromkeys(NAMES, "mine")


def test_a_store_that_fails_while_an_output_is_put_keeps_nothing_of_it(s3, s3_root, publish):
    def deny_the_summary(method, path, _before):
        return "deny" if method == "PUT" and "summary.json" in path else None

    with faulty_proxy(s3.url, deny_the_summary) as proxy:
        grant(Access(s3_root, "lab", s3.options(endpoint_url=url_of(proxy))))
        with pytest.raises(StoreError, match=r"out/summary\.json \(datastore 'lab'\) cannot be written: access is den"):
            publish(Folder(f"{s3_root}/out"), "mine")
        assert content_of(Folder(f"{s3_root}/out")) == {}


def test_whoever_may_only_read_is_told_so_before_anything_is_put(s3, publish):
    grant(Access("s3://data/read-only", "shelf", s3.options(READER)))
    with pytest.raises(StoreError, match=r"s3://data/read-only/\.unfinished\.json \(datastore 'shelf'\) cannot be wri"):
        publish(Folder("s3://data/read-only"), "mine")
