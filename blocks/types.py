"""The Prefect block types that hold what is registered; each holds a spec and repeats none of it."""

from prefect.blocks.core import Block
from pydantic import Field, HttpUrl

from blocks import hooks, schedules, specs, tokens

REFERENCE = "https://learn.microsoft.com/azure/machine-learning/"


def _example(block: str) -> str:
    return f'```python\nfrom blocks.types import {block}\n\nspec = {block}.load("BLOCK_NAME").spec\n```'


class EndpointBlock(Block):
    """A batch endpoint: a name that jobs are sent to, and a pointer to its default deployment."""

    _block_type_name = "Batch Endpoint"
    _block_type_slug = "batch-endpoint"
    _documentation_url = HttpUrl(f"{REFERENCE}reference-yaml-endpoint-batch")
    _code_example = _example("EndpointBlock")

    spec: specs.Endpoint = Field(description="The endpoint as declared.")


class DeploymentBlock(Block):
    """A batch deployment: a model, its scoring script, compute and settings, under one endpoint."""

    _block_type_name = "Batch Deployment"
    _block_type_slug = "batch-deployment"
    _documentation_url = HttpUrl(f"{REFERENCE}reference-yaml-deployment-batch")
    _code_example = _example("DeploymentBlock")

    spec: specs.Deployment = Field(description="The deployment as declared.")


class ModelBlock(Block):
    """A model's files in one version."""

    _block_type_name = "Batch Model"
    _block_type_slug = "batch-model"
    _documentation_url = HttpUrl(f"{REFERENCE}reference-yaml-model")
    _code_example = _example("ModelBlock")

    spec: specs.Model = Field(description="The model as registered.")


class EnvironmentBlock(Block):
    """The interpreter and packages that a scoring script runs with."""

    _block_type_name = "Batch Environment"
    _block_type_slug = "batch-environment"
    _documentation_url = HttpUrl(f"{REFERENCE}reference-yaml-environment")
    _code_example = _example("EnvironmentBlock")

    spec: specs.Environment = Field(description="The environment as declared.")


class DataBlock(Block):
    """Files to score, under a name and in versions."""

    _block_type_name = "Batch Data Asset"
    _block_type_slug = "batch-data-asset"
    _documentation_url = HttpUrl(f"{REFERENCE}reference-yaml-data")
    _code_example = _example("DataBlock")

    spec: specs.Data = Field(description="The data asset as registered.")


class ComputeBlock(Block):
    """Where jobs run, and how many instances all of them may use together."""

    _block_type_name = "Batch Compute"
    _block_type_slug = "batch-compute"
    _documentation_url = HttpUrl(f"{REFERENCE}reference-yaml-compute-aml")
    _code_example = _example("ComputeBlock")

    spec: specs.Compute = Field(description="The compute as declared.")


class DatastoreBlock(Block):
    """A name for a place where files are kept."""

    _block_type_name = "Batch Datastore"
    _block_type_slug = "batch-datastore"
    _documentation_url = HttpUrl(f"{REFERENCE}reference-yaml-datastore-blob")
    _code_example = _example("DatastoreBlock")

    spec: specs.Datastore = Field(description="The datastore as declared.")


class ScheduleBlock(Block):
    """When which job is sent to an endpoint."""

    _block_type_name = "Batch Schedule"
    _block_type_slug = "batch-schedule"
    _documentation_url = HttpUrl(f"{REFERENCE}reference-yaml-schedule")
    _code_example = _example("ScheduleBlock")

    spec: schedules.Schedule = Field(description="The schedule as declared.")


class HookBlock(Block):
    """What makes jobs of events, or sends word of jobs, without its secret."""

    _block_type_name = "Batch Hook"
    _block_type_slug = "batch-hook"
    _documentation_url = HttpUrl("https://www.standardwebhooks.com")
    _code_example = _example("HookBlock")

    spec: hooks.Hook = Field(description="The hook as declared.")


class TokenBlock(Block):
    """What lets a caller in from outside, without its secret."""

    _block_type_name = "Batch Token"
    _block_type_slug = "batch-token"
    _documentation_url = HttpUrl(f"{REFERENCE}how-to-authenticate-batch-endpoint")
    _code_example = _example("TokenBlock")

    spec: tokens.Token = Field(description="The token as it is kept.")


BLOCKS: dict[type[specs.Spec], type[Block]] = {
    specs.Endpoint: EndpointBlock,
    specs.Deployment: DeploymentBlock,
    specs.Model: ModelBlock,
    specs.Environment: EnvironmentBlock,
    specs.Data: DataBlock,
    specs.Compute: ComputeBlock,
    specs.Datastore: DatastoreBlock,
    schedules.Schedule: ScheduleBlock,
    hooks.Hook: HookBlock,
    tokens.Token: TokenBlock,
}
