"""A store and a launcher that only remember, a home of the test's own, and something to register."""

import pytest

from blocks.specs import Compute, Deployment, Endpoint
from blocks.store import MemoryStore
from deployments.service import computes, endpoints
from deployments.service.registration import RecordingLauncher

SCRIPT = "def init():\n    pass\n\n\ndef run(mini_batch):\n    return mini_batch\n"


@pytest.fixture
def home(tmp_path, monkeypatch):
    folder = tmp_path / "home"
    monkeypatch.setenv("BATCHPOINT_HOME", str(folder))
    return folder


@pytest.fixture
def kept(home):
    """The folder of the default datastore."""
    return home / "datastores" / "workspaceblobstore"


@pytest.fixture
def store(home):
    return MemoryStore()


@pytest.fixture
def launcher():
    return RecordingLauncher()


@pytest.fixture
def files_below():
    """Lists all files below a folder but locks, and the digests kept beside copies."""

    def names(folder):
        left_out = (".lock", ".digests.json")
        files = [path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(left_out)]
        return sorted(str(path.relative_to(folder)) for path in files)

    return names


@pytest.fixture
def project(tmp_path):
    """What a user has on disk: a model folder and a code folder."""
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "weights.pt").write_bytes(b"weights")
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "driver.py").write_text(SCRIPT)
    (tmp_path / "code" / "helper.py").write_text("WORD = 1\n")
    return tmp_path


@pytest.fixture
def ready(store, launcher, project):
    """An endpoint `mnist` and a compute of two instances."""
    endpoints.create(store, launcher, Endpoint(name="mnist", description="Reads digits."))
    computes.create(store, launcher, Compute(name="batch-cluster", max_instances=2))
    return store


@pytest.fixture
def declared(project):
    """Makes a deployment as declarations give one: paths absolute."""

    def make(name="torch", **changes):
        return Deployment.model_validate(
            {
                "name": name,
                "endpoint_name": "mnist",
                "model": {"name": "digits", "path": str(project / "model")},
                "code_configuration": {"code": str(project / "code"), "scoring_script": "driver.py"},
                "compute": "azureml:batch-cluster",
            }
            | changes
        )

    return make
