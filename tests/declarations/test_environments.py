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
