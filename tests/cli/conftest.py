"""The command line in this process, on a store and a launcher that only remember."""

import json

import pytest
from click.testing import CliRunner

from blocks.store import MemoryStore
from deployments.cli.main import batchpoint
from deployments.cli.session import Session
from deployments.service.registration import RecordingLauncher

DEPLOYMENT = """\
name: torch
endpoint_name: mnist
type: model
model:
  name: digits
  path: model
code_configuration:
  code: code
  scoring_script: driver.py
compute: azureml:batch-cluster
settings:
  mini_batch_size: 10
"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("BATCHPOINT_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def session(home):
    return Session(MemoryStore(), RecordingLauncher())


@pytest.fixture
def run(session):
    """Runs a command as typed; gives click's result."""

    def typed(*args, **options):
        return CliRunner().invoke(batchpoint, [str(arg) for arg in args], obj=session, **options)

    return typed


@pytest.fixture
def done(run):
    """Runs a command that must succeed; gives what it printed, JSON read."""

    def typed(*args, **options):
        result = run(*args, **options)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout) if result.stdout else None

    return typed


@pytest.fixture
def refused(run):
    """Runs a command that must be refused; gives the lines of its error."""

    def typed(*args, code=1, **options):
        result = run(*args, **options)
        assert result.exit_code == code, result.output
        assert result.stdout == ""
        assert "Traceback" not in result.stderr
        return result.stderr.splitlines()

    return typed


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder to stand in: deployment.yml, model and code."""
    folder = tmp_path / "project"
    (folder / "model").mkdir(parents=True)
    (folder / "model" / "weights.pt").write_bytes(b"weights")
    (folder / "code").mkdir()
    (folder / "code" / "driver.py").write_text("def run(mini_batch):\n    return mini_batch\n")
    (folder / "deployment.yml").write_text(DEPLOYMENT)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def ready(done, project):
    """The project, with an endpoint and a compute of two instances registered."""
    done("compute", "create", "-n", "batch-cluster", "--type", "local", "--max-instances", 2)
    done("batch-endpoint", "create", "--name", "mnist")
    return project
