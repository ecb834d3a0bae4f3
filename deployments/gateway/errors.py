"""What is refused over HTTP, in the shape of Azure's errors."""

import math
import time
from collections.abc import Mapping

from pydantic import BaseModel, Field


class Detail(BaseModel):
    """One of the things that are wrong."""

    code: str
    message: str


class Said(BaseModel):
    """What is wrong, in a sentence, and what to do."""

    code: str = Field(examples=["NotFound"])
    message: str = Field(examples=["there is no job 'friday'; `batchpoint job list` shows those that are"])
    details: list[Detail] = Field(default_factory=list)


class ErrorBody(BaseModel):
    """The body of every answer that is an error."""

    error: Said


class RefusedError(Exception):
    """A request is answered with an error.

    Args:
        status: the HTTP status.
        code: Azure's word for the kind of error.
        message: what is wrong and what to do, in a sentence.
        details: what is wrong, one by one, where there is more than one.
        headers: of the answer.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        details: tuple[str, ...] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, code, message, details, headers)
        self.status, self.code, self.message = status, code, message
        self.details, self.headers = details, dict(headers or {})

    @property
    def body(self) -> dict[str, object]:
        """As it is sent."""
        details = [Detail(code=self.code, message=each) for each in self.details]
        return ErrorBody(error=Said(code=self.code, message=self.message, details=details)).model_dump()


def too_many(message: str, until: float) -> RefusedError:
    """The caller is to come again at `until`, in seconds since 1970."""
    seconds = str(max(1, math.ceil(until - time.time())))
    return RefusedError(429, "TooManyRequests", f"{message} {seconds} s", headers={"Retry-After": seconds})


def bad_request(message: str, details: tuple[str, ...] = ()) -> RefusedError:
    """The request cannot be understood, or asks for what cannot be."""
    return RefusedError(400, "BadRequest", message, details)
