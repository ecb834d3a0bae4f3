"""Jobs run in the environments that their deployments declare."""

import textwrap

import pytest

from blocks.specs import Deployment, Environment, Model
from deployments.service import deployments
from scoring.environments import pythons
from scoring.environments.errors import PythonMissingError

pytestmark = pytest.mark.server

ENDED = {"Completed", "Failed"}

SCRIPT = """
    import platform
    def run(mini_batch): return [platform.python_version() for _ in mini_batch]
"""


def another_python():
    own = ".".join(pythons.own().version.split(".")[:2])
    for minor in range(8, 14):
        if f"3.{minor}" != own:
            try:
                return pythons.find(f"==3.{minor}.*").version
            except PythonMissingError:
                continue
    return pytest.skip("there is one Python only on this machine")


@pytest.fixture
def deploy(board):
    """Registers a deployment that tells its Python; its environment is left to the first job."""

    def deploy(name, **environment):
        code = board.folder / "tells-its-python"
        code.mkdir(exist_ok=True)
        (code / "script.py").write_text(textwrap.dedent(SCRIPT))
        declared = Deployment(
            name=name,
            endpoint_name="job-tests",
            model=Model(name="job-tests", path=str(board.folder / "model")),
            code_configuration={"code": str(code), "scoring_script": "script.py"},
            environment=Environment(name=name, **environment),
            compute="job-tests",
        )
        deployments.create(board.store, board.launcher, declared)

    return deploy


def test_a_job_runs_under_the_python_of_its_deployment_or_says_why_it_cannot(board, deploy, tmp_path):
    version = another_python()
    deploy("older", python=version)
    deploy("sums", conda_file={"dependencies": ["python", "no-such-package=1.0"]})
    scored = board.invoke("older", output=str(tmp_path / "older"))
    refused = board.invoke("sums")
    assert board.wait(scored, lambda job: job.status in ENDED).status == "Completed"
    assert (tmp_path / "older/predictions.csv").read_text().splitlines() == ["prediction", version, version]
    ended = board.wait(refused, lambda job: job.status in ENDED)
    assert ended.status == "Failed"
    assert "no-such-package=1.0 can only be installed by conda" in (ended.state_message or "")
