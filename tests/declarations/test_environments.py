"""Environments are read with their conda file, wherever they are declared."""

from blocks.specs import Deployment, Environment
from deployments.declarations import declare

DEPLOYMENT = """\
name: torch
endpoint_name: mnist
type: model
model: azureml:digits:1
code_configuration: {code: code, scoring_script: driver.py}
compute: azureml:batch-cluster
"""
CONDA = "name: torch\nchannels: [conda-forge]\ndependencies:\n- python=3.11\n- pip:\n  - torch==2.13.0\n"


def test_an_environment_has_the_content_of_its_conda_file(written, tmp_path):
    (tmp_path / "conda.yaml").write_text(CONDA)
    spec = declare(Environment, written("name: torch\nimage: ubuntu:24.04\nconda_file: conda.yaml\n")).spec
    assert spec.conda_file.dependencies[0] == "python=3.11"
    assert spec.conda_file.dependencies[1].pip == ["torch==2.13.0"]


def test_packages_may_stand_in_the_environment_itself(written):
    spec = declare(Environment, written("name: t\nconda_file:\n  dependencies: [python=3.11]\n")).spec
    assert spec.conda_file.dependencies == ["python=3.11"]


def test_a_mistake_in_a_conda_file_is_told_with_its_own_line(written, tmp_path, monkeypatch, problems):
    (tmp_path / "conda.yaml").write_text(CONDA.replace("pip:", "pypi:").replace("channels", "chanels"))
    file = tmp_path / "conda.yaml"
    assert problems(Environment, written("name: torch\nconda_file: conda.yaml\n")) == [
        f"{file}:2: conda_file.chanels is not a known key; did you mean channels?",
        f"{file}:5: conda_file.dependencies.1.pip is missing: what pip installs, a requirement each",
        f"{file}:5: conda_file.dependencies.1.pypi is not a known key; known are pip",
    ]


def test_a_conda_file_in_the_place_of_an_environment_is_refused(written, problems):
    (problem,) = problems(Environment, written(CONDA))
    assert problem.startswith("spec.yml:3: dependencies belongs to a conda file, and this is an environment; write")


def test_an_environment_inside_a_deployment_is_named_after_it(written, tmp_path):
    (tmp_path / "conda.yaml").write_text(CONDA)
    text = DEPLOYMENT + "environment:\n  conda_file: conda.yaml\n  image: ubuntu:24.04\n"
    environment = declare(Deployment, written(text)).spec.environment
    assert environment.name == "mnist-torch"
    assert environment.conda_file.name == "torch"


def test_what_azure_alone_has_of_an_environment_is_left_out_with_a_note_or_refused(written, problems):
    declared = declare(Environment, written("name: t\nimage: x\ninference_config: {}\nos_type: Linux\n"))
    assert declared.notes == ["spec.yml:3: inference_config has no meaning here and is left out"]
    (problem,) = problems(Environment, written("name: t\nbuild: {path: .}\n"))
    assert problem.startswith("spec.yml:2: build cannot be used: images are not built here; name a built one")


def test_a_list_of_requirements_has_the_content_of_all_its_files_with_paths_that_mean_the_same_anywhere(
    written, tmp_path
):
    (tmp_path / "more.txt").write_text("# what else\nnumpy  # numbers\n./own-1.0-py3-none-any.whl\n")
    (tmp_path / "requirements.txt").write_text(
        "--find-links wheels\n-r more.txt\ntorch==2.13.0 \\\n  --hash=sha256:ab\n"
    )
    spec = declare(Environment, written("name: t\nrequirements: requirements.txt\n")).spec
    assert spec.requirements == [
        f"--find-links {tmp_path}/wheels",
        "numpy",
        f"{tmp_path}/own-1.0-py3-none-any.whl",
        "torch==2.13.0 --hash=sha256:ab",
    ]


def test_a_project_gives_what_it_depends_on_and_its_python(written, tmp_path):
    (tmp_path / "pyproject.toml").write_text('[project]\nrequires-python = ">=3.9"\ndependencies = ["torch"]\n')
    spec = declare(Environment, written("name: t\nrequirements: pyproject.toml\n")).spec
    assert (spec.requirements, spec.python) == (["torch"], ">=3.9")


LOCK = """\
lock-version = "1.0"
requires-python = ">=3.11"
[[packages]]
name = "numpy"
version = "2.4.6"
wheels = [{name = "n.whl", hashes = {sha256 = "b"}}, {name = "m.whl", hashes = {sha256 = "a"}}]
[[packages]]
name = "tomli"
version = "2.0"
marker = "python_version < '3.12'"
sdist = {name = "tomli.tar.gz", hashes = {sha256 = "c"}}
[[packages]]
name = "pytest"
version = "9.0"
marker = "'dev' in dependency_groups"
wheels = [{name = "p.whl", hashes = {sha256 = "d"}}]
"""


def test_a_lock_file_gives_its_versions_with_their_hashes(written, tmp_path):
    (tmp_path / "pylock.toml").write_text(LOCK)
    spec = declare(Environment, written("name: t\nrequirements: pylock.toml\npython: '3.12'\n")).spec
    assert spec.requirements == [
        "numpy==2.4.6 --hash=sha256:a --hash=sha256:b",
        "tomli==2.0 ; python_version < '3.12' --hash=sha256:c",
    ]
    assert spec.python == "3.12"


def test_what_would_not_be_the_same_tomorrow_is_refused_with_what_to_do(written, tmp_path, problems):
    (tmp_path / "requirements.txt").write_text("-e .\n")
    (tmp_path / "uv.lock").write_text("")
    for file, said in (
        ("requirements.txt", "-e .: an editable project changes under the environment; build a wheel of it and give"),
        ("uv.lock", f"{tmp_path}/uv.lock is a lock file of another kind; type: uv export --format pylock.toml"),
        ("gone.txt", f"{tmp_path}/gone.txt cannot be read: No such file or directory; give the path of a"),
    ):
        (problem,) = problems(Environment, written(f"name: t\nrequirements: {file}\n"))
        assert problem.startswith(f"spec.yml:2: {said}")
