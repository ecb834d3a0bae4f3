"""Rows as Parquet: columns of one type each, though a script may return another in every row."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from scoring.facts import printable

ROWS_PER_GROUP = 50_000
LARGEST_INT = 2**63 - 1


def write_parquet(records: Callable[[], Iterable[dict[str, Any]]], columns: list[str], target: Path) -> None:
    """Write rows in two passes: the first finds what each column holds, the second writes row groups of that type.

    Args:
        records: called for each pass over the rows, each of them values by column.
        columns: all columns, in order.
        target: the file.
    """
    kinds: dict[str, set[type]] = {name: set() for name in columns}
    for record in records():
        for name, value in record.items():
            kinds[name].add(_kind(value))
    fields = {name: (printable(name), _arrow_type(found - {type(None)})) for name, found in kinds.items()}
    schema = pa.schema(fields.values())
    with pq.ParquetWriter(target, schema) as writer:
        waiting: list[dict[str, Any]] = []
        for record in records():
            waiting.append({shown: _as_arrow(record.get(name), kind) for name, (shown, kind) in fields.items()})
            if len(waiting) >= ROWS_PER_GROUP:
                writer.write_table(pa.Table.from_pylist(waiting, schema=schema))
                waiting = []
        if waiting or not columns:
            writer.write_table(pa.Table.from_pylist(waiting, schema=schema))


def _kind(value: Any) -> type:
    """What a column must be able to hold; an integer of more than 64 bits only text can."""
    return str if type(value) is int and not -LARGEST_INT - 1 <= value <= LARGEST_INT else type(value)


def _arrow_type(kinds: set[type]) -> pa.DataType:
    if kinds <= {bool} and kinds:
        return pa.bool_()
    if kinds <= {int} and kinds:
        return pa.int64()
    if kinds <= {int, float} and kinds:
        return pa.float64()
    return pa.string()


def _as_arrow(value: Any, kind: pa.DataType) -> Any:
    """A value in its column's type; in a column of mixed kinds everything is text, JSON for what has an inside."""
    if value is None:
        return None
    if pa.types.is_string(kind):
        return printable(value) if isinstance(value, str) else json.dumps(value)
    return float(value) if pa.types.is_floating(kind) else value
