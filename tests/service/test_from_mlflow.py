"""A model's path may be an artifact of a run, or a registered model, of MLflow."""

import pytest

from blocks.specs import Model
from deployments.service import models
from deployments.service.errors import UnusableError

pytestmark = pytest.mark.slow
mlflow = pytest.importorskip("mlflow")


@pytest.fixture
def tracked(tmp_path, monkeypatch):
    """A run with an artifact, kept in files; the run's id."""
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", (tmp_path / "tracking").as_uri())
    client = mlflow.MlflowClient()
    run = client.create_run(client.create_experiment("digits")).info.run_id
    (tmp_path / "MLmodel").write_text("flavors: {}\n")
    client.log_artifact(run, str(tmp_path / "MLmodel"), "model")
    yield run
    mlflow.set_tracking_uri(None)


def test_an_artifact_of_a_run_becomes_a_model(store, tracked, files_below, kept):
    made = models.create(store, Model(name="digits", path=f"runs:/{tracked}/model", type="mlflow_model"))
    assert files_below(kept / "models" / "digits" / "1") == ["model/MLmodel"]
    assert made.path.endswith("models/digits/1")


@pytest.mark.parametrize("path", ["runs:/none/model", "models:/none/1"])
def test_what_mlflow_does_not_give_is_refused_with_its_reason(store, tracked, path):
    with pytest.raises(
        UnusableError, match=rf"path {path} cannot be fetched from file://.*tracking \(MLFLOW_TRACKING_URI\): "
    ):
        models.create(store, Model(name="digits", path=path))
    assert store.list(Model) == []
