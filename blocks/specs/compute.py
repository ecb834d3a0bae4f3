"""Computes as declared."""

from typing import Literal, Self

from pydantic import Field, model_validator

from blocks.specs.base import DESCRIPTION, TAGS, AssetName, Spec, TextMap


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
