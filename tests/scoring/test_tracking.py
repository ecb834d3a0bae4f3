"""What scripts log with mlflow ends on one run per job, which ends as the job does."""

import socket

import pytest
from pydantic import ValidationError

import scoring
from scoring import tracking
from scoring.errors import ScriptError, TrackingError
from scoring.manifest import Manifest
from scoring.settings import Settings

pytestmark = pytest.mark.slow
mlflow = pytest.importorskip("mlflow")

SCRIPT = """
import os
import mlflow

def init():
    mlflow.log_param("model", "words")

def run(mini_batch):
    mlflow.log_metric("length", len(mini_batch))
    if any(path.endswith("dies") for path in mini_batch): os._exit(1)
    if any(path.endswith("bad") for path in mini_batch): raise ValueError("bad")
    return mini_batch
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A tracking store in a file."""
    return f"sqlite:///{tmp_path_factory.mktemp('store')}/mlflow.db"


@pytest.fixture
def client(store):
    return mlflow.MlflowClient(tracking_uri=store)


@pytest.fixture
def score(store, tmp_path):
    """Scores files of some names, one in each mini-batch."""

    def score(*names, **asked):
        (tmp_path / "in").mkdir()
        for name in names:
            (tmp_path / "in" / name).touch()
        (tmp_path / "script.py").write_text(SCRIPT)
        settings = {
            "mini_batch_size": 1,
            "max_concurrency_per_instance": 2,
            "tracking_uri": store,
            "retry_settings": {"max_retries": 1},
        }
        return scoring.score(
            script=tmp_path / "script.py", inputs=tmp_path / "in", output=tmp_path / "out", settings=settings, **asked
        )

    return score


def runs_of(client):
    """The runs of jobs that belong to no endpoint, the newest first."""
    [experiment] = [one for one in client.search_experiments() if one.name == "batchpoint"]
    return client.search_runs([experiment.experiment_id], order_by=["attributes.start_time DESC"])


def test_all_slots_and_tries_log_to_the_run_of_the_job(score, client):
    summary = score("a", "b", "c", "dies")
    run, *_ = runs_of(client)
    assert run.info.status == "FINISHED"
    assert run.data.tags["batchpoint.job"] == summary.job
    assert run.data.params == {"model": "words"}
    assert (run.data.metrics["files_scored"], run.data.metrics["files_failed"]) == (3, 1)
    assert len(client.get_metric_history(run.info.run_id, "length")) >= 5  # one of the four files had two tries


def test_the_run_of_a_job_that_failed_has_failed(score, client):
    assert score("bad").state == "Failed"
    assert runs_of(client)[0].info.status == "FAILED"


def test_the_run_of_a_job_that_was_interrupted_was_killed(score, client):
    def interrupt(news):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score("a", on_news=interrupt)
    assert runs_of(client)[0].info.status == "KILLED"


@pytest.fixture
def manifest(store):
    return Manifest(
        job="0123456789",
        endpoint="letters",
        deployment="first",
        folder="/job",
        input="/in",
        output="/out",
        script="/s.py",
        code="/",
        python="python",
        settings=Settings(tracking_uri=store),
    )


def test_a_job_that_goes_on_goes_on_with_its_run(manifest, client):
    begun = tracking.begin(manifest)
    run = begun.tracking.run
    seen = []

    def fail():
        seen.append(client.get_run(run).info.status)
        raise ScriptError("no init")

    for _ in range(2):
        with pytest.raises(ScriptError):
            tracking.tracked(begun, fail)
        assert client.get_run(run).info.status == "FAILED"
    assert seen == ["RUNNING", "RUNNING"]
    found = client.get_run(run)
    assert found.info.run_name == "first-01234567"
    assert client.get_experiment(found.info.experiment_id).name == "letters"
    assert {name: value for name, value in found.data.tags.items() if name.startswith("batchpoint")} == {
        "batchpoint.endpoint": "letters",
        "batchpoint.deployment": "first",
        "batchpoint.job": "0123456789",
    }
    assert begun.launch().variables["MLFLOW_RUN_ID"] == run


def test_a_store_that_cannot_be_used_is_refused_with_its_reason(manifest):
    settings = Settings(tracking_uri="sqlite:////dev/null/mlflow.db")
    with pytest.raises(TrackingError, match=r"store sqlite:////dev/null/\S+ \(settings.tracking_uri\) cannot be"):
        tracking.begin(manifest.model_copy(update={"settings": settings}))


def test_a_store_that_does_not_answer_is_not_waited_for_as_long_as_mlflow_would(manifest, monkeypatch):
    monkeypatch.setattr(tracking, "PATIENCE", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = Settings(tracking_uri=f"http://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(TrackingError, match=r"cannot be used: it has not answered for 0.5 s"):
            tracking.begin(manifest.model_copy(update={"settings": settings}))


def test_without_mlflow_such_a_deployment_is_refused_with_what_to_install(monkeypatch):
    monkeypatch.setattr(tracking, "find_spec", lambda name: None)
    with pytest.raises(TrackingError, match=r"is not installed here; install it: pip install 'batchpoint\[mlflow"):
        tracking.check_installed(Settings(tracking_uri="https://mlflow.lab"))
    tracking.check_installed(Settings())


@pytest.mark.parametrize("uri", ["mlruns", "sqlite:///mlflow.db", ""])
def test_a_store_that_would_be_another_for_each_process_is_no_setting(uri):
    with pytest.raises(ValidationError, match="is no tracking store that every process finds; write a URL such as"):
        Settings(tracking_uri=uri)
