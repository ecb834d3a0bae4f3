"""Versioned things as declared: models, environments and data assets."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator
from pydantic.config import JsonDict

from blocks.specs.base import Asset, Part, TextMap
from scoring.settings import AnyCase


class Model(Asset):
    """A model's files in one version; versions never change."""

    word = "model"

    type: Literal["custom_model", "mlflow_model", "triton_model"] = Field(
        "custom_model", description="What kind of model it is; the scoring script loads it in any case."
    )
    path: str = Field(
        min_length=1,
        description="The file or folder with the model; once registered, the folder that holds its copy and nothing "
        "else, which scripts find in AZUREML_MODEL_DIR.",
        examples=["model", "s3://bucket/weights.pt", "azureml://datastores/workspaceblobstore/paths/models/digits"],
    )


class PipPackages(Part):
    """Packages that pip installs into a conda environment."""

    pip: list[str] = Field(description="What pip installs, a requirement each.")


def _installed_by(value: object) -> str:
    return "<pip>" if isinstance(value, Mapping | PipPackages) else "<conda>"


Dependency = Annotated[
    Annotated[str, Tag("<conda>")] | Annotated[PipPackages, Tag("<pip>")], Discriminator(_installed_by)
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
    os_type: Annotated[Literal["linux"], AnyCase] = Field("linux", description="The system it is for.")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.image is None and self.conda_file is None:
            raise ValueError("neither image nor conda_file is given; write conda_file: conda.yaml, or image, or both")
        return self


class Data(Asset):
    """Files to score, under a name and in versions."""

    word = "data asset"

    type: Literal["uri_folder", "uri_file"] = Field("uri_folder", description="Whether it is a folder or one file.")
    path: str = Field(
        min_length=1,
        description="The folder or file. A local path is copied to the default datastore when it is registered; "
        "a URL (file:// too) and azureml://datastores/NAME/paths/PATH stay where they are.",
        examples=["data", "s3://bucket/digits", "azureml://datastores/workspaceblobstore/paths/digits"],
    )
