"""How many bytes, as people type it."""

from typing import Any

import click
from pydantic import TypeAdapter, ValidationError

from scoring.quantities import Bytes

BYTES: TypeAdapter[int] = TypeAdapter(Bytes)


class Size(click.ParamType[int]):
    """Bytes, or a number with its unit."""

    name = "SIZE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            return BYTES.validate_python(value)
        except ValidationError as error:
            self.fail(error.errors()[0]["msg"].removeprefix("Value error, "), param, ctx)
