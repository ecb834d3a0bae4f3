"""Deployments as declared."""

from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import (
    Discriminator,
    Field,
    Tag,
    field_validator,
)

from blocks.specs.assets import Model
from blocks.specs.base import DESCRIPTION, PROPERTIES, TAGS, EndpointName, Part, Spec, TextMap, as_any_of, written_as
from blocks.specs.environment import Environment
from scoring.settings import Settings

ModelOrReference = Annotated[
    Annotated[str, Tag("<reference>")] | Annotated[Model, Tag("<inline>")], Discriminator(written_as)
]
EnvironmentOrReference = Annotated[
    Annotated[str, Tag("<reference>")] | Annotated[Environment, Tag("<inline>")], Discriminator(written_as)
]


class CodeConfiguration(Part):
    """The scoring script and the folder it lives in."""

    code: str = Field(
        min_length=1,
        description="The folder with the scoring script and what it imports.",
        examples=["code", "azureml://datastores/workspaceblobstore/paths/code"],
    )
    scoring_script: str = Field(
        min_length=1,
        description="The script with init() and run(), or with load(), as a path inside the code folder.",
        examples=["batch_driver.py"],
    )

    @field_validator("scoring_script")
    @classmethod
    def _inside_code(cls, value: str) -> str:
        path = PurePosixPath(value)
        if path.is_absolute() or ".." in path.parts or path.suffix != ".py":
            raise ValueError(f"{value!r} is not the path of a .py file inside code_configuration.code")
        return value


class Resources(Part):
    """How many instances a job takes of its compute."""

    instance_count: int = Field(1, ge=1, description="Instances that a job uses of its compute.")


class Deployment(Spec):
    """A model, its scoring script, compute and settings, under one endpoint."""

    word = "deployment"

    name: EndpointName = Field(description="The deployment's name: 3 to 32 letters, digits and dashes.")
    endpoint_name: EndpointName = Field(description="The endpoint it belongs to.")
    description: str = Field("", description=DESCRIPTION)
    tags: TextMap = Field(default_factory=dict, description=TAGS)
    properties: TextMap = Field(default_factory=dict, description=PROPERTIES)
    type: Literal["model"] = Field("model", description="What the deployment runs: a model.")
    model: ModelOrReference = Field(
        description="The model: azureml:NAME:VERSION, azureml:NAME@latest, or name and path of one to register.",
        examples=["azureml:digits@latest", "azureml:digits:1", {"name": "digits", "path": "model"}],
        json_schema_extra=as_any_of,
    )
    code_configuration: CodeConfiguration | None = Field(
        None,
        description="Which script scores the files, and where it lives. Left out where a model needs none: one of type "
        "mlflow_model, or a file that ends in .onnx, .pkl, .joblib, .pt2, .pt, .ts or .keras.",
    )
    environment: EnvironmentOrReference | None = Field(
        None,
        description="What the script needs installed: azureml:NAME:VERSION, azureml:NAME@latest, or conda_file, "
        "requirements or python of one to register. Left out, scripts run where Batchpoint is installed.",
        examples=[
            "azureml:torch@latest",
            {"conda_file": "environment/conda.yaml"},
            {"python": "/opt/python/bin/python3"},
        ],
        json_schema_extra=as_any_of,
    )
    compute: str = Field(
        min_length=1,
        description="The compute that runs its jobs: azureml:NAME or NAME.",
        examples=["azureml:batch-cluster"],
    )
    resources: Resources = Field(default_factory=Resources, description="What a job takes of its compute.")
    settings: Settings = Field(default_factory=Settings, description="How files are scored.")

    @property
    def key(self) -> tuple[str, ...]:
        return (self.endpoint_name, self.name)
