"""What all declarations share: their base, names, and the words for fields that many have."""

import re
from abc import abstractmethod
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic.config import JsonDict

from scoring.strict import Strict

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


def exact(value: object) -> object:
    """A version as it was written. Raises: ValueError for a number, which may be another one by now."""
    if isinstance(value, float):
        # YAML reads 1.10 as the number 1.1, which would be another version.
        raise ValueError(f"{value} is a number that may have lost final zeros; put it in quotes")  # noqa: TRY004 - pydantic collects only ValueErrors
    return value


def _as_text(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value


# The patterns are for editors; the validators say in words what is wrong.
EndpointName = Annotated[
    str,
    AfterValidator(_endpoint_name),
    WithJsonSchema({"type": "string", "pattern": f"^{ENDPOINT_NAME.pattern}$", "minLength": 3, "maxLength": 32}),
]
AssetName = Annotated[
    str,
    BeforeValidator(exact),
    AfterValidator(_asset_name),
    WithJsonSchema({"type": "string", "pattern": f"^{ASSET_NAME.pattern}$", "maxLength": 255}),
]
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


def written_as(value: object) -> str:
    """The branch of a union that is either a reference or what is referred to: a Discriminator for it."""
    return "<inline>" if isinstance(value, Mapping | BaseModel) else "<reference>"


def as_any_of(schema: JsonDict) -> None:
    """One flat anyOf: Prefect's forms draw no other union."""
    written: Any = schema.pop("oneOf", None) or schema["anyOf"]
    schema["anyOf"] = [branch for outer in written for branch in outer.get("oneOf", [outer])]


READ_ONLY: JsonDict = {"readOnly": True}
"""Marks a field that is set when the thing is registered, whatever a declaration says."""


def is_read_only(kind: type[Spec], field: str) -> bool:
    """Whether only the system sets a field of a kind."""
    return kind.model_fields[field].json_schema_extra == READ_ONLY


class Asset(Spec):
    """Base of what is registered in versions that never change."""

    name: AssetName = Field(description="The name that all its versions share.")
    version: AssetName | None = Field(None, description="The version; left out, the next whole number.")
    description: str = Field("", description=DESCRIPTION)
    tags: TextMap = Field(default_factory=dict, description=TAGS)
    properties: TextMap = Field(default_factory=dict, description=PROPERTIES)
    digest: str | None = Field(
        None, description="SHA-256 of its content, set when it is registered.", json_schema_extra=READ_ONLY
    )
    archived: bool = Field(
        False,
        description="Whether it is left out of lists and of @latest, set by archive and restore.",
        json_schema_extra=READ_ONLY,
    )

    @property
    def key(self) -> tuple[str, ...]:
        return (self.name, self.version or "")

    def __str__(self) -> str:
        return f"azureml:{self.name}:{self.version}"
