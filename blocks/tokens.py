"""What lets callers in from outside: tokens, as they are kept, which is without their secret."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import Field

from blocks.specs import Spec
from blocks.specs.base import DESCRIPTION, EndpointName
from scoring.settings import AnyCase

Role = Literal["read", "invoke", "admin"]
RANK: dict[Role, int] = {"read": 0, "invoke": 1, "admin": 2}
"""Each role may do what those before it may."""


class Token(Spec):
    """A caller's right to one endpoint or to all, until it ends."""

    word = "token"

    name: str = Field(description="What it is known by: the part of the token that is no secret.")
    endpoint: EndpointName | None = Field(None, description="The endpoint it is for; left out, all of them.")
    role: Annotated[Role, AnyCase] = Field(
        "invoke",
        description="read sees jobs and their output; invoke also sends, cancels and resumes them; admin also sets "
        "environment variables of a job.",
    )
    description: str = Field("", description=DESCRIPTION)
    expires_at: datetime | None = Field(None, description="When it ends; left out, never.")
    salt: str = Field(description="What its secret was hashed with, in hexadecimal digits.")
    digest: str = Field(description="SHA-256 of salt and secret, in hexadecimal digits.")

    @property
    def key(self) -> tuple[str, ...]:
        return (self.name,)

    @property
    def has_expired(self) -> bool:
        """Whether its time is over."""
        return self.expires_at is not None and self.expires_at <= datetime.now(UTC)

    def is_for(self, endpoint: str) -> bool:
        """Whether it lets a caller to an endpoint at all."""
        return self.endpoint is None or self.endpoint.lower() == endpoint.lower()

    def may(self, role: Role) -> bool:
        """Whether its role includes another."""
        return RANK[self.role] >= RANK[role]
