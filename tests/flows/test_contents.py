"""A job loads the model that was registered, or none."""

from pathlib import Path

import pytest

from blocks.specs import Compute, Deployment, Endpoint, Model
from blocks.store import MemoryStore
from deployments.service import computes, deployments, endpoints, models
from deployments.service.registration import RecordingLauncher
from flows.contents import check_model
from flows.errors import JobRefusedError
from flows.resolve import resolve


@pytest.fixture
def model(tmp_path, monkeypatch):
    """A registered model of three files."""
    monkeypatch.setenv("BATCHPOINT_HOME", str(tmp_path / "home"))
    folder = tmp_path / "model"
    (folder / "variables").mkdir(parents=True)
    for name in ("weights.pt", "labels.txt", "variables/data"):
        (folder / name).write_text(name)
    return models.create(MemoryStore(), Model(name="digits", path=str(folder)))


def test_a_model_that_is_what_was_registered_passes(model):
    check_model(model)


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (lambda folder: (folder / "weights.pt").write_text("other"), "model/weights.pt changed"),
        (lambda folder: (folder / "variables" / "data").unlink(), "model/variables/data changed"),
        (lambda folder: (folder / "more").write_text(""), "model/more changed"),
        (
            lambda folder: [(folder / name).write_text("") for name in "abcd"],
            "model/a, model/b, model/c and others changed",
        ),
    ],
)
def test_a_model_that_was_changed_since_is_refused_with_the_files(model, spoil, named):
    spoil(Path(model.path) / "model")
    with pytest.raises(JobRefusedError) as caught:
        check_model(model)
    assert f"azureml:digits:1 is not what was registered: in {model.path} {named}; put back" in str(caught.value)


def test_a_model_is_refused_also_where_the_list_of_its_digests_is_gone(model):
    (Path(model.path) / "model" / "weights.pt").write_text("other")
    Path(model.path).with_name(".1.digests.json").unlink()
    with pytest.raises(
        JobRefusedError, match=r"files in .* have changed; put back what was there, or register it as a"
    ):
        check_model(model)


def test_a_model_that_is_gone_is_refused_with_its_path(model):
    Path(model.path).rename(f"{model.path}-away")
    with pytest.raises(JobRefusedError, match=f"cannot be read: {model.path}: No such file or directory"):
        check_model(model)


def test_a_job_with_a_changed_model_is_refused_before_anything_is_written(tmp_path, monkeypatch):
    monkeypatch.setenv("BATCHPOINT_HOME", str(tmp_path / "home"))
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "driver.py").write_text("def run(mini_batch):\n    return mini_batch\n")
    (tmp_path / "weights").write_text("weights")
    store, launcher = MemoryStore(), RecordingLauncher()
    endpoints.create(store, launcher, Endpoint(name="mnist"))
    computes.create(store, launcher, Compute(name="here"))
    declared = {
        "name": "torch",
        "endpoint_name": "mnist",
        "model": {"name": "digits", "path": str(tmp_path / "weights")},
        "code_configuration": {"code": str(tmp_path / "code"), "scoring_script": "driver.py"},
        "compute": "here",
    }
    deployments.create(store, launcher, Deployment.model_validate(declared), set_default=True)
    asked = {"job": "j", "endpoint": "mnist", "input": str(tmp_path / "code")}
    assert resolve(store, **asked).model.version == "1"
    (Path(store.get(Model, "digits", "1").path) / "weights").write_text("other")
    with pytest.raises(JobRefusedError, match=r"in .* weights changed"):
        resolve(store, **asked)
