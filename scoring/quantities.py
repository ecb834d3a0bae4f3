"""What settings are measured in: durations, sizes and shares, in the spellings that people write."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, ByteSize, PlainValidator, TypeAdapter, ValidationError, WithJsonSchema

WHOLE = re.compile(r"-?\d+")
SHARE = r"^(\d+(?:\.\d+)?)\s*%$"
SIZE = r"^\d*\.?\d+ *[A-Za-z]*$"
DURATION = TypeAdapter(timedelta)
BYTES = TypeAdapter(ByteSize)


def _in_seconds(value: object) -> object:
    if not (isinstance(value, str) and value[:1] in "Pp"):
        return value
    try:
        return DURATION.validate_python(value.upper()).total_seconds()
    except ValidationError:
        raise ValueError(f"{value!r} is no duration; write seconds, such as 90, or ISO 8601, such as PT1M30S") from None


def _threshold(value: object) -> int | str:
    text = str(value).strip()
    share = re.match(SHARE, text)
    if share is not None and float(share[1]) <= 100:
        return f"{share[1]}%"
    if not isinstance(value, bool) and WHOLE.fullmatch(text) and int(text) >= -1:
        return int(text)
    raise ValueError(f"{text} is neither -1, nor a number of files, nor a share such as 5%")


def _in_bytes(value: object) -> int:
    try:
        size = BYTES.validate_python(value)
    except ValidationError:
        size = ByteSize(0)
    if size < 1 or isinstance(value, bool):
        raise ValueError(f"{value!r} is no size; write bytes, or a number with its unit, such as 2GB or 1.5GiB")
    return int(size)


Seconds = Annotated[float, BeforeValidator(_in_seconds)]
"""A duration: seconds, or what ISO 8601 and Azure's REST write for them, such as PT1M30S."""

Threshold = Annotated[
    int | str,
    PlainValidator(_threshold),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": -1}, {"type": "string", "pattern": SHARE}]}),
]
"""Failed files that are tolerated: their number, or a share of all files, such as 5%; -1 is any number."""

Bytes = Annotated[
    int,
    PlainValidator(_in_bytes),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": SIZE}]}),
]
"""A size in bytes, or with a unit: 2GB is 2,000,000,000 bytes, 2GiB is 2,147,483,648."""
