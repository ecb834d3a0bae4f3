"""The mnist example's files: what is committed agrees with itself and with the script that made it."""

import ast
import gzip
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from blocks.specs import Deployment, Endpoint
from deployments.declarations import declare, read
from examples.mnist.make_data import SAMPLE, digits_in, load
from scoring.script_check import check_script

MNIST = Path(__file__).resolve().parents[2] / "examples" / "mnist"


def test_the_sample_is_twenty_of_each_digit():
    labels = Counter(path.name.split("-")[1] for path in (MNIST / "data").iterdir())
    assert labels == {str(label): 20 for label in range(10)}


def test_the_sample_is_part_of_the_held_out_digits():
    for digit in load(MNIST / "held_out.npz"):
        if digit.number in SAMPLE:
            with Image.open(MNIST / "data" / digit.file_name) as image:
                assert np.array_equal(np.asarray(image), digit.pixels), digit.file_name


def test_digits_from_another_file_are_refused():
    with pytest.raises(SystemExit, match="846f6cad"):
        next(digits_in(gzip.compress(b"0,1\n")))


@pytest.mark.parametrize("framework", ["torch", "keras"])
def test_scoring_scripts_pass_the_check_made_at_create(framework):
    check_script(MNIST / f"deployment-{framework}" / "code" / "batch_driver.py")


@pytest.mark.parametrize("framework", ["torch", "keras"])
def test_a_model_is_one_file_under_500_kb(framework):
    (model,) = (MNIST / f"deployment-{framework}" / "model").iterdir()
    assert model.stat().st_size < 500_000


def test_the_endpoint_is_declared_without_a_remark():
    declared = declare(Endpoint, read(str(MNIST / "endpoint.yml")))
    assert (declared.spec.name, declared.notes) == ("mnist-batch", [])


@pytest.mark.parametrize("framework", ["torch", "keras"])
def test_the_deployments_are_declared_without_a_remark(framework):
    declared = declare(Deployment, read(str(MNIST / f"deployment-{framework}" / "deployment.yml")))
    assert declared.notes == []
    assert (declared.spec.name, declared.spec.endpoint_name) == (f"mnist-{framework}-dpl", "mnist-batch")
    assert Path(declared.spec.code_configuration.code) == MNIST / f"deployment-{framework}" / "code"


@pytest.mark.parametrize("framework", ["torch", "keras"])
def test_an_environment_lists_what_the_scoring_script_imports(framework):
    environment = declare(Deployment, read(str(MNIST / f"deployment-{framework}" / "deployment.yml"))).spec.environment
    (pip,) = (each.pip for each in environment.conda_file.dependencies if not isinstance(each, str))
    listed = {requirement.partition("==")[0].removesuffix("-cpu") for requirement in pip}
    provided = {"PIL": "pillow", "keras": "tensorflow"}
    assert {provided.get(name, name) for name in imported_by(framework)} <= listed


def imported_by(framework):
    """The packages that a deployment's code imports beside the standard library and its own files."""
    code = MNIST / f"deployment-{framework}" / "code"
    nodes = [node for path in code.glob("*.py") for node in ast.walk(ast.parse(path.read_text()))]
    names = [name.name for node in nodes if isinstance(node, ast.Import) for name in node.names]
    names += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    own = {path.stem for path in code.glob("*.py")}
    return {name.partition(".")[0] for name in names} - sys.stdlib_module_names - own
