"""Versioned files as declared: models and data assets."""

from typing import Literal

from pydantic import Field

from blocks.specs.base import Asset


class Model(Asset):
    """A model's files in one version; versions never change."""

    word = "model"

    type: Literal["custom_model", "mlflow_model", "triton_model"] = Field(
        "custom_model",
        description="What kind of model it is. One that MLflow saved (mlflow_model) needs no scoring script; nor do "
        "some others, which are known by their files' names.",
    )
    path: str = Field(
        min_length=1,
        description="The file or folder with the model; once registered, the folder that holds its copy and nothing "
        "else, which scripts find in AZUREML_MODEL_DIR.",
        examples=["model", "s3://bucket/weights.pt", "azureml://datastores/workspaceblobstore/paths/models/digits"],
    )


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
