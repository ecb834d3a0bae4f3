"""Endpoints as declared."""

from typing import Literal

from pydantic import Field

from blocks.specs.base import DESCRIPTION, PROPERTIES, TAGS, AssetName, EndpointName, Part, Spec, TextMap


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
    datastore: AssetName | None = Field(
        None,
        description="The datastore that holds the folders of its jobs: manifest, parts, results and, unless a job says "
        "otherwise, the output. Left out, workspaceblobstore.",
        examples=["images"],
    )

    @property
    def key(self) -> tuple[str, ...]:
        return (self.name,)
