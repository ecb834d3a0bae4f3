"""How long ago, as people type it."""

import re
from datetime import timedelta
from typing import Any

import click

AGE = re.compile(r"(\d{1,5})([mhdw])")
UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Age(click.ParamType[timedelta]):
    """A whole number of minutes, hours, days or weeks."""

    name = "AGE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        if isinstance(value, timedelta):
            return value
        found = AGE.fullmatch(str(value).lower())
        if found is None:
            self.fail(f"{value!r} is no age; write 30d for 30 days, or 90m, 12h, 2w", param, ctx)
        return timedelta(**{UNITS[found[2]]: int(found[1])})
