"""What bad input gets through the command line: a sentence, exit code 1, and nothing left behind."""

import pytest

from blocks.specs import Compute, Datastore, Deployment, Endpoint, Model

KINDS = (Compute, Datastore, Deployment, Endpoint, Model)


@pytest.fixture
def snapshot(session, home):
    """Everything that is registered or kept; locks are no thing of anyone's."""

    def take():
        files = [path for path in home.rglob("*") if path.is_file() and path.suffix != ".lock"]
        specs = [session.store.list(kind) for kind in KINDS if kind is not Datastore]
        return specs, sorted(files), dict(session.launcher.registered), dict(session.launcher.limits)

    return take


def edit(project, old, new):
    file = project / "deployment.yml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


CREATE = ("batch-deployment", "create", "--file", "deployment.yml", "--set-default")


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        (
            "mini_batch_size: 10",
            "mini_batch_sise: 10",
            ["error: deployment.yml:12: settings.mini_batch_sise is not a setting; did you mean mini_batch_size?"],
        ),
        (
            "mini_batch_size: 10",
            "mini_batch_size: 0\n  threads: none",
            [
                "error: deployment.yml:12: settings.mini_batch_size is 0; it must be at least 1",
                "error: deployment.yml:13: settings.threads is 'none'; it must be a whole number",
            ],
        ),
        (
            "compute: azureml:batch-cluster",
            "compute: azureml:gpu",
            [
                "error: deployment.yml:10: no compute 'gpu' is registered; there is 'batch-cluster'; to register it: "
                "batchpoint compute create --name gpu --type local --max-instances 1"
            ],
        ),
        (
            "endpoint_name: mnist",
            "endpoint_name: letters",
            [
                "error: deployment.yml:2: no endpoint 'letters' is registered; there is 'mnist'; to register it: "
                "batchpoint batch-endpoint create --name letters"
            ],
        ),
        (
            "compute: azureml:batch-cluster",
            "compute: azureml:batch-cluster\nresources: {instance_count: 3}",
            [
                "error: deployment.yml:11: instance_count is 3, but compute 'batch-cluster' has at most 2; ask for 2 "
                "or fewer, or raise it: batchpoint compute update --name batch-cluster --max-instances 3"
            ],
        ),
        (
            "type: model",
            "type: model\nenvironment: azureml:torch@latest",
            [
                "error: deployment.yml:4: no environment 'torch' is registered; there is none; to register it: "
                "batchpoint environment create --name torch --conda-file conda.yaml"
            ],
        ),
    ],
)
def test_a_deployment_that_cannot_work_is_refused(refused, ready, snapshot, old, new, lines):
    edit(ready, old, new)
    before = snapshot()
    assert refused(*CREATE) == lines
    assert snapshot() == before


def test_a_script_with_a_syntax_error_is_refused_with_its_line(refused, ready, snapshot):
    (ready / "code" / "driver.py").write_text("def run(mini_batch):\n    return [\n")
    before = snapshot()
    (line,) = refused(*CREATE)
    assert "driver.py:2: SyntaxError" in line
    assert snapshot() == before


def test_a_script_without_run_is_refused(refused, ready, snapshot):
    (ready / "code" / "driver.py").write_text("def init():\n    pass\n")
    before = snapshot()
    assert "driver.py has no run(); define run(mini_batch)" in refused(*CREATE)[-1]
    assert snapshot() == before


def test_a_script_that_was_not_looked_at_is_registered(done, ready):
    (ready / "code" / "driver.py").write_text("def init():\n    pass\n")
    assert done(*CREATE, "--skip-script-validation")["name"] == "torch"


@pytest.mark.parametrize(("gone", "said"), [("code", "is not a folder"), ("model", "does not exist")])
def test_a_folder_that_is_not_there_is_refused_with_its_path(refused, ready, snapshot, gone, said):
    before = snapshot()
    (ready / gone).rename(ready / "elsewhere")
    lines = refused(*CREATE)
    assert f"{ready / gone} {said}" in lines[-1]
    assert snapshot() == before


def test_a_file_that_is_not_there_is_refused(refused, project):
    assert refused("batch-endpoint", "create", "--file", "endpoint.yml")[-1] == (
        "error: endpoint.yml: cannot be read: No such file or directory; give the path of a YAML file"
    )


def test_a_default_that_points_nowhere_is_refused_with_what_is_there(refused, done, ready, snapshot):
    done(*CREATE)
    before = snapshot()
    (line,) = refused("batch-endpoint", "update", "-n", "mnist", "--set", "defaults.deployment_name=keras")
    assert line.startswith(
        "error: --set defaults.deployment_name=keras: endpoint 'mnist' has no deployment 'keras'; it has 'torch'"
    )
    assert snapshot() == before


def test_the_default_cannot_be_deleted_before_it_is_moved(refused, done, ready, snapshot):
    done(*CREATE)
    done("batch-deployment", "create", "-f", "deployment.yml", "-n", "keras")
    before = snapshot()
    (line,) = refused("batch-deployment", "delete", "-n", "torch", "-e", "mnist", "--yes")
    assert line.endswith("batchpoint batch-endpoint update --name mnist --set defaults.deployment_name=keras")
    assert snapshot() == before


def test_a_version_never_changes(refused, done, project, snapshot):
    done("model", "create", "-n", "digits", "-p", "model", "--version", "1")
    before = snapshot()
    (line,) = refused("model", "create", "-n", "digits", "-p", "code", "--version", "1")
    assert "model 'digits' has a version '1' with other content" in line
    assert snapshot() == before


def test_nothing_can_be_set_below_a_reference(refused, ready):
    edit(ready, "model:\n  name: digits\n  path: model\n", "model: azureml:digits:1\n")
    assert refused(*CREATE, "--set", "model.path=other") == [
        "error: --set model.path=other: model is 'azureml:digits:1', which has nothing below it; set model itself"
    ]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (
            ("compute", "create", "-n", "c", "--max-instance", "x"),
            "--max-instances x: max_instances is 'x'; it must be",
        ),
        (("compute", "create"), "error: name is missing: the compute's name"),
        (("batch-endpoint", "create", "--name", "1"), "error: --name 1: name: '1' is no name for an endpoint"),
        (("datastore", "create", "-n", "s3", "--root", "s3://b"), "a local datastore's root is a folder"),
        (("batch-endpoint", "show", "-n", "nope"), "no endpoint 'nope' is registered; there is none"),
        (("batch-deployment", "list", "-e", "nope"), "no endpoint 'nope' is registered; there is none"),
        (("model", "create", "-n", "m", "-p", "memory://nowhere/m"), "is not there; give the path of a file or"),
        (
            ("model", "create", "-n", "m", "-p", "azureml://jobs/x"),
            "fetch the job's output with `batchpoint job download`",
        ),
    ],
)
def test_other_bad_input_is_one_line_that_helps(refused, project, args, said):
    (line,) = refused(*args)
    assert said in line


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("compute", "create", "--nam", "x", "--max-instences", "1"), "--max-instances"),
        (("batch-endpoint", "crate"), "No such command 'crate'"),
        (("batch-endpoint", "show"), "Missing option '--name'"),
        (("compute", "list", "-o", "xml"), "'xml' is not one of"),
        (("compute", "list", "--query", "[?"), "'[?' is not JMESPath"),
    ],
)
def test_a_command_typed_wrong_is_exit_code_two_with_what_is_right(refused, args, said):
    assert said in "\n".join(refused(*args, code=2))


def test_a_failure_below_is_told_cause_by_cause_the_root_first(refused, session, monkeypatch):
    def fail(kind):
        try:
            raise OSError(111, "Connection refused", "127.0.0.1:4200")
        except OSError as error:
            raise RuntimeError("the server went away") from error

    monkeypatch.setattr(session.store, "list", fail)
    assert refused("compute", "list") == [
        "error: 127.0.0.1:4200: Connection refused",
        "error: RuntimeError: the server went away",
    ]


def test_a_failure_below_is_not_blamed_on_what_was_written(refused, ready, session, monkeypatch):
    def fail(kind, *name):
        raise ConnectionError("the server went away")

    monkeypatch.setattr(session.store, "get", fail)
    assert refused(*CREATE) == ["error: ConnectionError: the server went away"]


def test_debug_shows_the_traceback(run, session, monkeypatch):
    def fail(kind):
        raise RuntimeError("the server went away")

    monkeypatch.setattr(session.store, "list", fail)
    result = run("compute", "list", "--debug")
    assert isinstance(result.exception, RuntimeError)
