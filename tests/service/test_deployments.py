"""Deployments are registered whole, with copies of all they run, or not at all."""

import re
from pathlib import Path

import pytest

from blocks.errors import NotRegistered, UnclearReference
from blocks.recipes import recipe_of
from blocks.specs import Deployment, Endpoint, Environment, Model
from deployments.service import deployments, models
from deployments.service.errors import ConflictError, UnusableError
from flows.errors import JobRefusedError
from scoring.errors import ScriptError
from scoring.storage import Folder


def test_a_deployment_refers_to_copies_of_its_code_and_model(ready, launcher, declared, project, kept, files_below):
    (project / "code" / "__pycache__").mkdir()
    (project / "code" / "__pycache__" / "driver.pyc").write_bytes(b"x")
    registered = deployments.create(ready, launcher, declared())
    code = Path(registered.code_configuration.code)
    assert files_below(code) == ["driver.py", "helper.py"]
    assert code.parent == kept / "code"
    assert registered.model == "azureml:digits:1"
    assert registered.compute == "batch-cluster"
    assert ready.get(Deployment, "mnist", "torch") == registered


def test_code_in_a_store_is_copied_like_code_on_this_machine(ready, launcher, declared, project):
    stored = Folder("memory://deployments-test/code")
    for path in (project / "code").iterdir():
        stored.write(path.name, path.read_bytes())
    code = {"code": stored.url, "scoring_script": "driver.py"}
    registered = deployments.create(ready, launcher, declared(code_configuration=code))
    assert registered.code_configuration == deployments.create(ready, launcher, declared()).code_configuration


def test_editing_the_code_afterwards_changes_nothing_until_it_is_created_again(ready, launcher, declared, project):
    before = deployments.create(ready, launcher, declared())
    (project / "code" / "helper.py").write_text("WORD = 2\n")
    assert (Path(before.code_configuration.code) / "helper.py").read_text() == "WORD = 1\n"
    after = deployments.create(ready, launcher, declared())
    assert after.code_configuration.code != before.code_configuration.code


def test_creating_the_same_again_adds_nothing(ready, launcher, declared, kept, files_below):
    first = deployments.create(ready, launcher, declared(), set_default=True)
    files = files_below(kept)
    assert deployments.create(ready, launcher, declared(), set_default=True) == first
    assert files_below(kept) == files


def test_the_newest_version_is_pinned_when_the_deployment_is_made(ready, launcher, declared, project):
    models.create(ready, Model(name="digits", path=str(project / "model")))
    registered = deployments.create(ready, launcher, declared(model="azureml:digits@latest"))
    models.create(ready, Model(name="digits", path=str(project / "code")))
    assert registered.model == ready.get(Deployment, "mnist", "torch").model == "azureml:digits:1"


def test_jobs_may_choose_among_the_deployments_that_are_there(ready, launcher, declared):
    deployments.create(ready, launcher, declared("torch"), set_default=True)
    deployments.create(ready, launcher, declared("keras"))
    assert launcher.registered["mnist"].parameter_schema["properties"]["deployment"]["enum"] == ["torch", "keras"]
    deployments.delete(ready, launcher, "mnist", "keras")
    assert launcher.registered["mnist"].parameter_schema["properties"]["deployment"]["enum"] == ["torch"]


def test_the_default_moves_only_when_asked(ready, launcher, declared):
    deployments.create(ready, launcher, declared("torch"), set_default=True)
    deployments.create(ready, launcher, declared("keras"))
    assert ready.get(Endpoint, "mnist").defaults.deployment_name == "torch"
    deployments.create(ready, launcher, declared("keras"), set_default=True)
    assert ready.get(Endpoint, "mnist").defaults.deployment_name == "keras"
    assert launcher.registered["mnist"].description.startswith("Reads digits. Default deployment keras.\n")


@pytest.mark.parametrize(
    ("changes", "error", "sentence"),
    [
        ({"endpoint_name": "letters"}, NotRegistered, "no endpoint 'letters' is registered; there is 'mnist'"),
        ({"compute": "gpu"}, NotRegistered, "no compute 'gpu' is registered; there is 'batch-cluster'"),
        ({"compute": "azureml:a:b"}, UnclearReference, "write azureml:NAME or NAME"),
        ({"model": "azureml:letters:1"}, NotRegistered, "no model 'letters' is registered; there is none"),
        ({"model": "letters"}, UnclearReference, "write azureml:NAME:VERSION"),
        ({"model": {"name": "m", "path": "/nowhere"}}, UnusableError, "model path /nowhere does not exist"),
        (
            {"code_configuration": {"code": "/nowhere", "scoring_script": "driver.py"}},
            UnusableError,
            "code_configuration.code /nowhere is not a folder",
        ),
        (
            {"resources": {"instance_count": 3}},
            JobRefusedError,
            "instance_count is 3, but compute 'batch-cluster' has at most 2",
        ),
    ],
)
def test_what_a_deployment_needs_must_be_there(ready, launcher, declared, kept, changes, error, sentence, files_below):
    before = launcher.registered["mnist"]
    with pytest.raises(error, match=sentence):
        deployments.create(ready, launcher, declared(**changes), set_default=True)
    assert ready.list(Deployment) == ready.list(Model) == []
    assert (files_below(kept), launcher.registered["mnist"]) == ([], before)


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("def run(:\n", r"driver.py:1: SyntaxError"),
        ("def init(): pass\n", "has no run"),
        (None, "cannot be read: No such file or directory"),
    ],
)
def test_a_script_that_could_never_score_is_refused_unless_told_not_to_look(
    ready, launcher, declared, project, script, sentence
):
    driver = project / "code" / "driver.py"
    driver.unlink() if script is None else driver.write_text(script)
    with pytest.raises(ScriptError, match=sentence):
        deployments.create(ready, launcher, declared())
    assert ready.list(Deployment) == ready.list(Model) == []
    assert deployments.create(ready, launcher, declared(), check=False).name == "torch"


def test_a_prefect_that_fails_leaves_everything_as_it_was(
    ready, launcher, declared, kept, project, monkeypatch, files_below
):
    def fail(wanted):
        raise ConnectionError("no server")

    old = deployments.create(ready, launcher, declared("torch"), set_default=True)
    files = files_below(kept)
    monkeypatch.setattr(launcher, "register", fail)
    (project / "code" / "helper.py").write_text("WORD = 2\n")
    (project / "model" / "weights.pt").write_bytes(b"better")
    for name in ("torch", "keras"):
        with pytest.raises(ConnectionError):
            deployments.create(ready, launcher, declared(name), set_default=True)
    with pytest.raises(ConnectionError):
        deployments.delete(ready, launcher, "mnist", "torch")
    assert ready.list(Deployment) == [old]
    assert ready.get(Endpoint, "mnist").defaults.deployment_name == "torch"
    assert [each.version for each in ready.list(Model)] == ["1"]
    assert files_below(kept) == files


def test_the_default_cannot_be_deleted_while_there_are_others(ready, launcher, declared):
    deployments.create(ready, launcher, declared("torch"), set_default=True)
    deployments.create(ready, launcher, declared("keras"))
    with pytest.raises(ConflictError, match=r"--name mnist --set defaults.deployment_name=keras"):
        deployments.delete(ready, launcher, "mnist", "torch")
    assert len(ready.list(Deployment)) == 2


def test_the_only_deployment_can_be_deleted_and_takes_the_default_with_it(ready, launcher, declared):
    deployments.create(ready, launcher, declared("torch"), set_default=True)
    deployments.delete(ready, launcher, "MNIST", "Torch")
    assert ready.get(Endpoint, "mnist").defaults.deployment_name is None
    assert "deployment" not in launcher.registered["mnist"].parameter_schema["properties"]


def test_an_update_needs_a_deployment_that_is_there(ready, launcher, declared):
    with pytest.raises(NotRegistered, match="endpoint 'mnist' has no deployment 'torch'; it has none"):
        deployments.update(ready, launcher, declared())


def test_a_registered_deployment_can_be_updated_from_what_is_registered(ready, launcher, declared, project):
    registered = deployments.create(ready, launcher, declared())
    changed = registered.model_copy(update={"description": "changed"})
    assert deployments.update(ready, launcher, changed) == changed


def test_deployments_of_an_endpoint_that_is_not_there_are_not_an_empty_list(ready):
    assert deployments.list_all(ready, "mnist") == []
    with pytest.raises(NotRegistered, match="no endpoint 'letters' is registered"):
        deployments.list_all(ready, "letters")


def test_a_model_that_mlflow_saved_needs_no_script(ready, launcher, declared, project, kept, files_below):
    made = declared(
        model={"name": "ill", "path": str(project / "model"), "type": "mlflow_model"}, code_configuration=None
    )
    registered = deployments.create(ready, launcher, made)
    assert registered.code_configuration.scoring_script == "batchpoint_ready/driver.py"
    assert "batchpoint_ready/driver.py" in files_below(Path(registered.code_configuration.code))
    assert Path(registered.code_configuration.code).parent == kept / "code"


def test_another_model_without_a_script_is_refused(ready, launcher, declared, kept, files_below):
    before = files_below(kept)
    with pytest.raises(
        UnusableError, match=r"model 'digits' holds weights.pt, which is no program: .* or torch.jit.save; write code"
    ):
        deployments.create(ready, launcher, declared(code_configuration=None))
    assert files_below(kept) == before


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["notes.txt"], "model 'digits' holds no file of a kind that is scored without a script: .onnx, .pkl"),
        (["a.onnx", "b/c.KERAS"], "model 'digits' holds several: held/a.onnx, held/b/c.KERAS; give the path of one"),
    ],
)
def test_a_model_that_is_not_one_file_of_a_known_kind_is_refused_by_what_it_holds(
    ready, launcher, declared, tmp_path, names, said
):
    for name in names:
        (tmp_path / "held" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "held" / name).touch()
    made = models.create(ready, Model(name="digits", path=str(tmp_path / "held")))
    with pytest.raises(UnusableError, match=re.escape(said)):
        deployments.create(ready, launcher, declared(model=str(made), code_configuration=None))


def test_a_model_of_a_known_kind_needs_no_script(ready, launcher, declared, project):
    (project / "model" / "digits.onnx").touch()
    made = declared(model={"name": "digits", "path": str(project / "model" / "digits.onnx")}, code_configuration=None)
    registered = deployments.create(ready, launcher, made)
    assert registered.code_configuration.scoring_script == "batchpoint_ready/driver.py"


def test_the_environment_of_such_a_model_is_what_mlflow_wrote_beside_it(ready, launcher, declared, project):
    model = project / "model"
    (model / "MLmodel").write_text("flavors: {}\n")
    (model / "conda.yaml").write_text("dependencies: [python=3.8.7, pip<=23, {pip: [mlflow==3.17.2, pandas]}]\n")
    (model / "python_env.yaml").write_text("python: 3.8.7\n")
    inline = {"name": "ill", "path": str(model), "type": "mlflow_model"}
    deployments.create(ready, launcher, declared(model=inline, code_configuration=None))
    [environment] = ready.list(Environment)
    assert (environment.name, environment.python) == ("ill-mlflow", "3.8")
    assert recipe_of(environment).pip == ("mlflow==3.17.2", "pandas")
    deployments.create(
        ready,
        launcher,
        declared("here", model=inline, code_configuration=None, environment={"name": "ours", "python": "batchpoint"}),
    )
    assert str(ready.get(Deployment, "mnist", "here").environment) == "azureml:ours:1"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("dependencies: [{pip: ['a b']}]\n", "'a b' is nothing that pip installs"),
        ("dependencies: [\n", "conda.yaml:"),
    ],
)
def test_a_list_beside_such_a_model_that_cannot_be_used_is_one_sentence(
    ready, launcher, declared, project, written, said
):
    (project / "model" / "MLmodel").write_text("flavors: {}\n")
    (project / "model" / "conda.yaml").write_text(written)
    inline = {"name": "ill", "path": str(project / "model"), "type": "mlflow_model"}
    with pytest.raises(UnusableError, match="what MLflow wrote beside model 'ill'") as caught:
        deployments.create(ready, launcher, declared(model=inline, code_configuration=None))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert ready.list(Model) == []
