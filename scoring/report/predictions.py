"""Rows of a job's output: some of them, evenly and always the same ones, and those that are asked for."""

import csv
import io
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, BinaryIO

from scoring.rows import LONGEST_FIELD
from scoring.settings import OutputFormat
from scoring.storage import Folder

MOST = 10_000
"""Rows that distributions are drawn from."""
COLUMNS = 24
"""Columns that are looked at."""

Row = dict[str, Any]


@dataclass
class Predictions:
    """What was read: every so many-th row, and the rows at some places.

    Attributes:
        rows: how many the output has.
        sampled: how many of them are in `columns`.
        columns: values by column; None where a row has none.
        picked: whole rows by their places, counted from 0.
    """

    rows: int = 0
    sampled: int = 0
    columns: dict[str, list[Any]] = field(default_factory=dict)
    picked: dict[int, Row] = field(default_factory=dict)

    def take(self, row: Row) -> None:
        """Take in a sampled row; a column that begins late has no values before."""
        for name, value in row.items():
            values = self.columns.get(name)
            if values is None:
                if len(self.columns) >= COLUMNS:
                    continue
                values = self.columns[name] = [None] * self.sampled
            values.append(value)
        self.sampled += 1
        for values in self.columns.values():
            if len(values) < self.sampled:
                values.append(None)


def read_predictions(
    output: Folder, name: str, layout: OutputFormat, columns: tuple[str, ...], rows: int, places: Collection[int]
) -> Predictions:
    """Read an output.

    Args:
        output: the folder that it lies in.
        name: of its file with rows.
        layout: of that file.
        columns: that the rows have.
        rows: how many there are.
        places: of rows to pick, counted from 0.
    Raises: StoreError; ValueError, OSError or KeyError for a file that is not of its layout.
    """
    found, every = Predictions(rows), -(-rows // MOST) or 1
    with output.open(name) as file:
        for place, row in enumerate(_rows(file, layout, columns, every, places)):
            if row is None:
                continue
            if place % every == 0:
                found.take(row)
            if place in places:
                found.picked[place] = row
    return found


def first_rows(output: Folder, name: str, layout: OutputFormat, columns: tuple[str, ...], most: int) -> list[Row]:
    """The first rows of an output, at most so many. Raises: as read_predictions."""
    with output.open(name) as file:
        return [row for row in islice(_rows(file, layout, columns, 1, ()), most) if row is not None]


def _rows(
    file: BinaryIO, layout: OutputFormat, columns: tuple[str, ...], every: int, places: Collection[int]
) -> Iterator[Row | None]:
    """Each row, or None for one that is not wanted."""
    if layout == OutputFormat.PARQUET:
        yield from _of_parquet(file)
        return
    lines = io.TextIOWrapper(file, encoding="utf-8", errors="replace", newline="")
    if layout == OutputFormat.JSONL:
        for place, line in enumerate(lines):
            yield _as_row(json.loads(line)) if place % every == 0 or place in places else None
        return
    if layout == OutputFormat.AZUREML and not columns:  # the rows are no frames', and each is a line
        yield from ({"prediction": line.rstrip("\r\n")} for line in lines)
        return
    csv.field_size_limit(LONGEST_FIELD)
    cells = csv.reader(lines, delimiter=" " if layout == OutputFormat.AZUREML else ",")
    titles = list(columns) if layout == OutputFormat.AZUREML else next(cells, [])
    for row in cells:
        yield dict(zip(titles, row, strict=False))


def _as_row(value: Any) -> Row:
    return value if isinstance(value, dict) else {"prediction": value}


def _of_parquet(file: BinaryIO) -> Iterator[Row]:
    import pyarrow.parquet as pq  # 0.15 s, and most outputs are no Parquet

    for batch in pq.ParquetFile(file).iter_batches():
        yield from batch.to_pylist()
