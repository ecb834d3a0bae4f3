"""Hooks as declared: what comes in makes jobs of an endpoint, what goes out tells how its jobs ended."""

from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, model_validator

from blocks.overrides import Overrides
from blocks.specs.base import DESCRIPTION, AssetName, EndpointName, Spec
from scoring.quantities import Seconds
from scoring.settings import AnyCase

DAY = 86400
OF_DIRECTION = {
    "in": ("input", "window", "prefix", "suffix", "deployment_name", "output", "settings"),
    "out": ("url", "states"),
}
"""The keys that a hook has by its direction."""


def _as_we_spell(value: object) -> object:
    """In lower case and with one l, as Azure spells it."""
    return value.lower().replace("cancelled", "canceled") if isinstance(value, str) else value


Ending = Annotated[Literal["completed", "failed", "canceled", "crashed"], BeforeValidator(_as_we_spell)]


class Hook(Spec):
    """What makes jobs of events that come in, or sends word of an endpoint's jobs out."""

    word = "hook"

    name: AssetName = Field(description="The hook's name.")
    endpoint_name: EndpointName = Field(description="The endpoint it belongs to.")
    direction: Annotated[Literal["in", "out"], AnyCase] = Field(
        "in", description="in takes events and makes jobs of them; out sends word of the endpoint's jobs to a URL."
    )
    description: str = Field("", description=DESCRIPTION)
    input: Annotated[Literal["folder", "object"], AnyCase] = Field(
        "folder", description="What a job scores when an object arrives: its folder, or the object alone."
    )
    window: Seconds = Field(
        30,
        ge=0,
        le=DAY,
        description="Events for one input within so many seconds become one job, which begins when they are over; 0 "
        "makes a job of each event.",
    )
    prefix: str = Field(
        "", description="What the path of an object in its datastore must begin with; others are ignored."
    )
    suffix: str = Field("", description="What it must end with.", examples=[".png"])
    deployment_name: EndpointName | None = Field(
        None, description="The deployment that scores; left out, the endpoint's default at that time."
    )
    output: str | None = Field(None, min_length=1, description="Folder for the output; left out, the job's own.")
    settings: Overrides = Field(default_factory=Overrides, description="What each job changes of its deployment.")
    url: str | None = Field(None, description="Where word is sent of a job that has ended: http or https.")
    states: tuple[Ending, ...] = Field(
        ("completed", "failed", "canceled", "crashed"),
        min_length=1,
        description="The ends that are told; crashed is a job whose process was lost.",
    )

    @property
    def key(self) -> tuple[str, ...]:
        return (self.name,)

    @property
    def receiver(self) -> str:
        """Who is told, as everyone may read it: paths and queries of such URLs are often secrets."""
        split = urlsplit(self.url or "")
        return f"hook {self.name} at {split.scheme}://{split.netloc}"

    @model_validator(mode="after")
    def _keys_of_its_direction(self) -> Self:
        other = OF_DIRECTION["out" if self.direction == "in" else "in"]
        defaults = {name: Hook.model_fields[name].get_default(call_default_factory=True) for name in other}
        given = sorted(name for name in other if getattr(self, name) != defaults[name])
        if given:
            raise ValueError(
                f"a hook of direction {self.direction} has no {given[0]}; it has "
                f"{', '.join(OF_DIRECTION[self.direction])}"
            )
        return self

    @model_validator(mode="after")
    def _url_of_the_web(self) -> Self:
        if self.direction == "out" and self.url is None:
            raise ValueError("url is missing: where word is sent of a job that has ended, as https://HOST/PATH")
        if self.url is not None:
            split = urlsplit(self.url)
            if split.scheme not in {"http", "https"} or not split.hostname:
                raise ValueError(f"url is {self.url!r}; it must be http or https, as https://HOST/PATH")
            if split.password or split.username:
                raise ValueError("url has a user or a password in it; what is sent is signed with the hook's secret")
        return self
