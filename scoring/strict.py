"""The base of every declaration."""

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """Base of every declaration: unknown keys are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)
