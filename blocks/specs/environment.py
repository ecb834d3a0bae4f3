"""Environments as declared."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, field_validator, model_validator
from pydantic.config import JsonDict

from blocks.specs.base import Asset, Part, TextMap, exact
from scoring.environments.matching import PYTHON, read_match
from scoring.environments.recipe import Installer
from scoring.settings import AnyCase

BATCHPOINT = "batchpoint"
"""As an environment's python: the interpreter that Batchpoint itself runs under."""
IS_NO_REQUIREMENT = re.compile(r"-|[^#;@]*[/\\]|\S+\.(whl|zip|tar\.gz)$")
"""What pip reads otherwise: an option, a path or URL, a file."""


def _requirement(line: str) -> str:
    if not IS_NO_REQUIREMENT.match(line):
        try:
            Requirement(line.partition(" --")[0])
        except InvalidRequirement as error:
            raise ValueError(f"{line!r} is nothing that pip installs; write for example torch==2.13.0") from error
    return line


def _match(text: str) -> str:
    if PYTHON.match(text):  # the only one that is read; conda knows what to make of others
        read_match(text)
    return text


RequirementLine = Annotated[str, AfterValidator(_requirement)]


class PipPackages(Part):
    """Packages that pip installs into a conda environment."""

    pip: list[RequirementLine] = Field(description="What pip installs, a requirement each.")


def _installed_by(value: object) -> str:
    return "<pip>" if isinstance(value, Mapping | PipPackages) else "<conda>"


Dependency = Annotated[
    Annotated[str, AfterValidator(_match), Tag("<conda>")] | Annotated[PipPackages, Tag("<pip>")],
    Discriminator(_installed_by),
]


class Conda(Part):
    """Packages, as a conda file lists them."""

    name: str | None = Field(None, description="A name for the environment; conda's, not Batchpoint's.")
    channels: list[str] = Field(default_factory=list, description="Where conda looks for packages.")
    dependencies: list[Dependency] = Field(
        description="Packages such as python=3.11, and one mapping pip: [...] for what pip installs."
    )
    variables: TextMap = Field(default_factory=dict, description="Environment variables.")
    prefix: str | None = Field(None, description="Where conda exported it from; not used.")


def _or_path(schema: JsonDict) -> None:
    branches = schema["anyOf"]
    assert isinstance(branches, list)
    branches.insert(0, {"type": "string"})


class Environment(Asset):
    """The interpreter and packages a scoring script runs with."""

    word = "environment"

    image: str | None = Field(
        None,
        min_length=1,
        description="The container image, used where the compute runs containers.",
        examples=["mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04"],
    )
    conda_file: Conda | None = Field(
        None,
        description="The packages: the path of a conda file, or its content.",
        examples=["environment/conda.yaml", {"dependencies": ["python=3.11", {"pip": ["torch"]}]}],
        json_schema_extra=_or_path,
    )
    requirements: list[RequirementLine] | None = Field(
        None,
        description="The packages, in place of conda_file: the path of a requirements.txt, of a pyproject.toml (what "
        "its project depends on) or of a pylock.toml, or a list of requirements.",
        examples=["requirements.txt", ["torch==2.13.0", "pandas"]],
        json_schema_extra=_or_path,
    )
    python: Annotated[str, BeforeValidator(exact)] | None = Field(
        None,
        min_length=1,
        description="The interpreter, whatever the conda file says: a version such as 3.11, in quotes, or a range such "
        "as >=3.9,<3.13, found on the machine; the path of one; or batchpoint, the one that Batchpoint runs under: "
        "then nothing is built, and the packages are taken to be there.",
        examples=["3.11", "/opt/python/bin/python3", BATCHPOINT],
    )
    installer: Installer = Field(
        "pip", description="What installs the packages that need no conda: pip; or uv, which is faster, where it is."
    )
    os_type: Annotated[Literal["linux"], AnyCase] = Field("linux", description="The system it is for.")

    @field_validator("python")
    @classmethod
    def _names_an_interpreter(cls, value: str | None) -> str | None:
        if value is not None and "/" not in value and value != BATCHPOINT:
            try:
                SpecifierSet(f"=={value}" if value[0].isdigit() else value)
            except InvalidSpecifier as error:
                raise ValueError(
                    f"{value!r} names no interpreter; write a version such as 3.11, the path of a python, or "
                    f"{BATCHPOINT}"
                ) from error
        return value

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not any((self.image, self.conda_file, self.requirements is not None, self.python)):
            raise ValueError(
                "none of image, conda_file, requirements and python is given; write conda_file: conda.yaml, or another "
                "of them"
            )
        if self.conda_file is not None and self.requirements is not None:
            raise ValueError("conda_file and requirements are both given; list what pip installs in one of them")
        return self
