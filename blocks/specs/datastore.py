"""Datastores as declared."""

from typing import Literal

from pydantic import Field

from blocks.specs.base import DESCRIPTION, AssetName, Spec


class Datastore(Spec):
    """A name for a place where files are kept."""

    word = "datastore"

    name: AssetName = Field(description="The datastore's name.")
    type: Literal["local"] = Field("local", description="What it is: local is a folder.")
    root: str = Field(
        min_length=1,
        description="The folder, as a path or a URL; everything kept in it lies below.",
        examples=["/data/shared"],
    )
    description: str = Field("", description=DESCRIPTION)

    @property
    def key(self) -> tuple[str, ...]:
        return (self.name,)
