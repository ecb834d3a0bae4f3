"""What can be registered, as declared: one strict model per kind of thing."""

import re
from abc import abstractmethod
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    SerializerFunctionWrapHandler,
    Tag,
    field_serializer,
    field_validator,
    model_validator,
)
from pydantic.config import JsonDict

from scoring.settings import OutputAction, Settings, Strict

ENDPOINT_NAME = re.compile(r"[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?")
ASSET_NAME = re.compile(r"[a-zA-Z0-9][-_.a-zA-Z0-9]*")


def _endpoint_name(name: str) -> str:
    if not (3 <= len(name) <= 32 and ENDPOINT_NAME.fullmatch(name)):
        raise ValueError(
            f"{name!r} is no name for an endpoint or a deployment: it must be 3 to 32 letters, digits and dashes that "
            "begin with a letter and end with a letter or a digit"
        )
    return name


def _asset_name(name: str) -> str:
    if not (len(name) <= 255 and ASSET_NAME.fullmatch(name)):
        raise ValueError(
            f"{name!r} may hold only letters, digits, dashes, dots and underscores, at most 255, and must begin with a "
            "letter or a digit"
        )
    return name


def _exact(value: object) -> object:
    if isinstance(value, float):
        # YAML reads 1.10 as the number 1.1, which would be another version.
        raise ValueError(f"{value} is a number that may have lost final zeros; put it in quotes")  # noqa: TRY004 - pydantic collects only ValueErrors
    return value


def _as_text(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value


EndpointName = Annotated[str, AfterValidator(_endpoint_name)]
AssetName = Annotated[str, BeforeValidator(_exact), AfterValidator(_asset_name)]
TextMap = dict[str, Annotated[str, BeforeValidator(_as_text)]]

DESCRIPTION = "What it is for, in a sentence or two."
TAGS = "Words of your own, to find and group things by."
PROPERTIES = "Facts of your own about it."


class Part(Strict):
    """A piece of a declaration; numbers stand for text where text is asked for, as in `version: 1`."""

    model_config = ConfigDict(coerce_numbers_to_str=True)


class Spec(Part):
    """Base of everything that is registered."""

    word: ClassVar[str]

    @property
    @abstractmethod
    def key(self) -> tuple[str, ...]:
        """The names under which it is registered, unique among its kind without regard to case."""


class Defaults(Part):
    """Where an endpoint sends a job that names no deployment."""

    deployment_name: EndpointName | None = Field(None, description="The deployment that jobs use unless they name one.")


class Endpoint(Spec):
    """A name that jobs are sent to, and a pointer to its default deployment."""

    word = "endpoint"

    name: EndpointName = Field(description="The endpoint's name: 3 to 32 letters, digits and dashes.")
    description: str = Field("", description=DESCRIPTION)
    tags: TextMap = Field(default_factory=dict, description=TAGS)
    auth_mode: Literal["aad_token"] = Field(
        "aad_token", description="Kept for Azure's YAML; who may call is decided by who reaches the server."
    )
    properties: TextMap = Field(default_factory=dict, description=PROPERTIES)
    defaults: Defaults = Field(default_factory=Defaults, description="Where jobs go that name no deployment.")

    @property
    def key(self) -> tuple[str, ...]:
        return (self.name,)


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


def _written_as(value: object) -> str:
    return "<inline>" if isinstance(value, Mapping | Model) else "<reference>"


def _as_any_of(schema: JsonDict) -> None:
    schema["anyOf"] = schema.pop("oneOf")  # Prefect's forms draw no other union


ModelOrReference = Annotated[
    Annotated[str, Tag("<reference>")] | Annotated[Model, Tag("<inline>")], Discriminator(_written_as)
]


class CodeConfiguration(Part):
    """The scoring script and the folder it lives in."""

    code: str = Field(min_length=1, description="The folder with the scoring script and what it imports.")
    scoring_script: str = Field(
        min_length=1, description="The script with init() and run(), as a path inside the code folder."
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
        json_schema_extra=_as_any_of,
    )
    code_configuration: CodeConfiguration = Field(description="Which script scores the files, and where it lives.")
    environment: str | dict[str, Any] | None = Field(
        None, description="The environment of the scoring script; empty runs it where Batchpoint is installed."
    )
    compute: str = Field(min_length=1, description="The compute that runs its jobs: azureml:NAME or NAME.")
    resources: Resources = Field(default_factory=Resources, description="What a job takes of its compute.")
    settings: Settings = Field(default_factory=Settings, description="How files are scored.")

    @property
    def key(self) -> tuple[str, ...]:
        return (self.endpoint_name, self.name)

    @field_validator("environment", mode="before")
    @classmethod
    def _no_environment(cls, value: object) -> None:
        if value is not None:
            raise ValueError(
                "environments are not built yet, so scripts run where Batchpoint is installed; remove `environment:`"
            )

    @field_serializer("settings", mode="wrap")
    def _readable_again(self, settings: Settings, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        written: dict[str, Any] = dump(settings)
        if settings.output_action == OutputAction.SUMMARY_ONLY:
            # Refused when it is given with summary_only, so its default must not be written either.
            written.pop("output_file_name", None)
        return written


class Compute(Spec):
    """Where jobs run, and how much of it they may take together."""

    word = "compute"

    name: AssetName = Field(description="The compute's name.")
    type: Literal["local"] = Field("local", description="What it is: local is the machine that the worker runs on.")
    min_instances: int = Field(0, ge=0, description="Instances kept ready; a local compute keeps none.")
    max_instances: int = Field(1, ge=1, description="Most instances that all jobs on it use together.")
    description: str = Field("", description=DESCRIPTION)
    tags: TextMap = Field(default_factory=dict, description=TAGS)

    @property
    def key(self) -> tuple[str, ...]:
        return (self.name,)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min_instances > self.max_instances:
            raise ValueError(
                f"min_instances is {self.min_instances} but max_instances is {self.max_instances}; "
                "min_instances may be at most max_instances"
            )
        return self


class Datastore(Spec):
    """A name for a place where files are kept."""

    word = "datastore"

    name: AssetName = Field(description="The datastore's name.")
    type: Literal["local"] = Field("local", description="What it is: local is a folder.")
    root: str = Field(min_length=1, description="The folder, as a path or a URL; everything kept in it lies below.")
    description: str = Field("", description=DESCRIPTION)

    @property
    def key(self) -> tuple[str, ...]:
        return (self.name,)


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
