"""Versioned things as declared: models and environments."""

from typing import Any, Literal

from pydantic import Field

from blocks.specs.base import DESCRIPTION, PROPERTIES, TAGS, AssetName, Spec, TextMap


class Model(Spec):
    """A model's files in one version; versions never change."""

    word = "model"

    name: AssetName = Field(description="The model's name.")
    version: AssetName | None = Field(None, description="The model's version; left out, the next whole number.")
    type: Literal["custom_model", "mlflow_model", "triton_model"] = Field(
        "custom_model", description="What kind of model it is; the scoring script loads it in any case."
    )
    path: str = Field(
        min_length=1,
        description="The file or folder with the model; once registered, the folder that holds its copy and nothing "
        "else, which scripts find in AZUREML_MODEL_DIR.",
    )
    description: str = Field("", description=DESCRIPTION)
    tags: TextMap = Field(default_factory=dict, description=TAGS)
    properties: TextMap = Field(default_factory=dict, description=PROPERTIES)
    digest: str | None = Field(None, description="SHA-256 of the model's files, set when it is registered.")

    @property
    def key(self) -> tuple[str, ...]:
        return (self.name, self.version or "")


class Environment(Spec):
    """The interpreter and packages a scoring script runs with."""

    word = "environment"

    name: AssetName = Field(description="The environment's name.")
    version: AssetName | None = Field(None, description="The environment's version; left out, the next whole number.")
    image: str | None = Field(None, description="The container image, used where the compute runs containers.")
    conda_file: str | dict[str, Any] | None = Field(None, description="The packages, as a conda file or its path.")
    description: str = Field("", description=DESCRIPTION)
    tags: TextMap = Field(default_factory=dict, description=TAGS)
    properties: TextMap = Field(default_factory=dict, description=PROPERTIES)

    @property
    def key(self) -> tuple[str, ...]:
        return (self.name, self.version or "")
