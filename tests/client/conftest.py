"""A client on a store and a launcher that only remember, with an endpoint and what it takes to make another."""

from pathlib import Path

import pytest

from blocks.store import MemoryStore
from deployments import Client, Compute, Endpoint
from deployments.service.registration import RecordingLauncher

DEPLOYMENT = """\
name: first
endpoint_name: words
type: model
model:
  name: words
  path: model
code_configuration:
  code: code
  scoring_script: score.py
compute: azureml:batch-cluster
settings:
  mini_batch_size: 1
"""
SCRIPT = """\
from pathlib import Path


def run(mini_batch):
    return [Path(path).read_text() for path in mini_batch]
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in: a model, code, texts to score, and a deployment's YAML."""
    for name, text in {
        "model/words.txt": "good fine",
        "code/score.py": SCRIPT,
        "texts/a.txt": "a good day",
        "texts/b.txt": "a fine day",
        "deployment.yml": DEPLOYMENT,
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def told() -> list[str]:
    """What a client said beside its results."""
    return []


@pytest.fixture
def client(project: Path, told: list[str], monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setenv("BATCHPOINT_HOME", str(project / "home"))
    client = Client(MemoryStore(), RecordingLauncher(), tell=told.append)
    register(client)
    return client


def register(client: Client) -> None:
    """A compute, and the endpoint `words` with its default deployment `first`."""
    client.computes.create(Compute(name="batch-cluster", max_instances=2))
    client.batch_endpoints.create(Endpoint(name="words"))
    client.batch_deployments.create("deployment.yml", set_default=True)
