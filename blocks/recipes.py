"""From an environment as declared to the recipe that it is built from."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement

from blocks.specs import Environment, PipPackages
from blocks.specs.environment import BATCHPOINT
from scoring.environments.matching import read_match
from scoring.environments.recipe import Recipe

AZURES = re.compile(r"azureml[-_.].*", re.IGNORECASE)
"""Packages by which Azure talks to a scoring script; here they have no purpose."""
NO_CONDA_NEEDED = ("python", "pip", "setuptools", "wheel")
OF_VENV = ("python", "pip")
MINOR = re.compile(r"\d+(\.\d+)?")


def recipe_of(environment: Environment) -> Recipe:
    """What an environment is made of, without what is of use in Azure only; the order of its lines does not matter."""
    variables = dict(environment.conda_file.variables) if environment.conda_file is not None else {}
    if environment.python == BATCHPOINT:
        return Recipe(variables=variables)
    listed = _Listed.of(environment)
    conda = [text for text in listed.conda if _conda_name(text) not in OF_VENV]
    if all(_conda_name(text) in NO_CONDA_NEEDED for text in conda):
        conda, pip = [], [*listed.pip, *(_as_requirement(text) for text in conda)]
    else:
        pip = listed.pip
    return Recipe(
        python=_python(environment, listed.conda),
        pip=_normal(pip),
        conda=_normal(conda),
        channels=tuple(environment.conda_file.channels) if environment.conda_file is not None and conda else (),
        installer=environment.installer,
        variables=variables,
    )


def left_out(environment: Environment) -> list[str]:
    """Names of the packages that are not installed, because they are of use in Azure only."""
    return sorted(_Listed.of(environment).azures)


@dataclass
class _Listed:
    """What an environment lists."""

    pip: list[str]
    conda: list[str]
    azures: set[str]

    @classmethod
    def of(cls, environment: Environment) -> "_Listed":
        pip, conda = list(environment.requirements or ()), []
        for each in environment.conda_file.dependencies if environment.conda_file is not None else ():
            if isinstance(each, PipPackages):
                pip += each.pip
            else:
                conda.append(each)
        azures = {name for name in (*map(_pip_name, pip), *map(_conda_name, conda)) if AZURES.fullmatch(name)}
        return cls(
            [line for line in pip if _pip_name(line) not in azures],
            [text for text in conda if _conda_name(text) not in azures],
            azures,
        )


def _pip_name(line: str) -> str:
    """The package that a line names; empty for an option or a file."""
    try:
        return Requirement(line.partition(" --")[0]).name
    except InvalidRequirement:
        return ""


def _conda_name(text: str) -> str:
    return re.split(r"[^\w.-]", text.strip().rpartition("::")[2], maxsplit=1)[0].lower()


def _python(environment: Environment, conda: Iterable[str]) -> str:
    given = environment.python
    if given is None:
        return next((read_match(text).specifier for text in conda if _conda_name(text) == "python"), "")
    if MINOR.fullmatch(given):
        return f"=={given}.*"
    return f"=={given}" if given[0].isdigit() else given


def _as_requirement(text: str) -> str:
    match = read_match(text)
    return f"{match.name}{match.specifier}"


def _normal(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({line.strip() for line in lines}))
