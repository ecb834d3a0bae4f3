"""An environment as declared comes to a recipe: the same for what means the same."""

import pytest
from pydantic import ValidationError

from blocks.recipes import left_out, recipe_of
from blocks.specs import Environment


def recipe(**declared):
    return recipe_of(Environment.model_validate({"name": "torch", **declared}))


def conda(*dependencies, **more):
    return {"dependencies": list(dependencies), **more}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("python=3.11", "==3.11.*"),
        ("python=3.11.*", "==3.11.*"),
        ("python 3.11", "==3.11.*"),
        ("python=3.11=h12_cpython", "==3.11.*"),
        ("python==3.11.4", "==3.11.4"),
        ("conda-forge::python>=3.9,<3.12", "<3.12,>=3.9"),
        ("python", ""),
    ],
)
def test_the_python_of_a_conda_file_is_read(written, read):
    assert recipe(conda_file=conda(written, "pip")).python == read


def test_a_conda_file_of_python_and_pip_alone_needs_no_conda():
    made = recipe(conda_file=conda("python=3.11", "pip<24", "setuptools=65", {"pip": ["torch==2.13.0", "numpy"]}))
    assert made.pip == ("numpy", "setuptools==65.*", "torch==2.13.0")
    assert made.conda == ()


def test_other_packages_of_condas_are_left_to_conda_with_their_channels():
    made = recipe(conda_file=conda("python=3.11", "pip", "scipy=1.11", "wheel", {"pip": ["torch"]}, channels=["main"]))
    assert made.conda == ("scipy=1.11", "wheel")
    assert (made.pip, made.channels) == (("torch",), ("main",))


def test_packages_of_azures_are_left_out_and_named():
    pip = {"pip": ["azureml-core==1.60", "azureml-dataset-runtime[fuse]", "AzureML_Defaults", "torch"]}
    declared = {"name": "torch", "conda_file": conda("python=3.11", "pip", pip)}
    environment = Environment.model_validate(declared)
    assert recipe_of(environment).pip == ("torch",)
    assert left_out(environment) == ["AzureML_Defaults", "azureml-core", "azureml-dataset-runtime"]


def test_the_order_of_lines_and_the_file_they_stand_in_do_not_matter():
    by_conda = recipe(conda_file=conda("python=3.11", {"pip": ["torch", "numpy"]}))
    assert by_conda == recipe(requirements=["numpy", "torch"], python="3.11")


@pytest.mark.parametrize(
    ("python", "read"),
    [("3.11", "==3.11.*"), ("3.11.4", "==3.11.4"), (">=3.9", ">=3.9"), ("/opt/bin/python", "/opt/bin/python")],
)
def test_a_python_of_its_own_wins_over_the_conda_files(python, read):
    assert recipe(conda_file=conda("python=3.8"), python=python).python == read


def test_the_interpreter_of_batchpoint_has_nothing_to_install():
    made = recipe(conda_file=conda("python=3.8", "scipy", {"pip": ["torch"]}, variables={"A": 1}), python="batchpoint")
    assert not made.is_built
    assert (made.python, made.variables) == ("", {"A": "1"})


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ({"python": 3.1}, "3.1 is a number that may have lost final zeros; put it in quotes"),
        ({"python": "python3.11"}, "'python3.11' names no interpreter; write a version such as 3.11"),
        ({"requirements": ["torch=2.13.0"]}, "'torch=2.13.0' is nothing that pip installs; write for example torch=="),
        ({"conda_file": conda("python=3.8|3.9")}, "'python=3.8|3.9' cannot be read; write =3.11, or a range"),
        ({"conda_file": conda("python"), "requirements": []}, "conda_file and requirements are both given"),
        ({}, "none of image, conda_file, requirements and python is given"),
    ],
)
def test_what_cannot_be_built_is_refused_when_it_is_declared(declared, said):
    with pytest.raises(ValidationError) as refused:
        Environment.model_validate({"name": "torch", **declared})
    assert said in str(refused.value)
