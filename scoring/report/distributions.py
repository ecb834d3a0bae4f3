"""What the columns of a job's output hold: classes with their counts, or numbers by their quantiles.

They are kept in the job's folder as a small file, which the endpoint's next job is compared with.
"""

from bisect import bisect_left
from collections import Counter
from datetime import datetime
from math import isfinite
from typing import Any, Literal, Self

from pydantic import Field

from scoring.facts import Record, Text, printable
from scoring.report.predictions import Predictions
from scoring.storage import Folder

DISTRIBUTIONS = "distributions.json"
EARLIER = "distributions-before.json"
CLASSES = 50
FEW_NUMBERS = 20
"""Whole numbers of which there are at most so many, each several times, are classes."""
QUANTILES = 40

Kind = Literal["classes", "numbers", "texts", "empty"]


class Numbers(Record):
    """Numbers by their quantiles: `counts[i]` of them are above `edges[i]` and at most `edges[i + 1]`.

    The least is in the first bin as well. Equal quantiles are one edge.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]

    @classmethod
    def of(cls, values: list[float]) -> Self:
        """Those of some numbers, at least one."""
        ordered = sorted(values)
        last = len(ordered) - 1
        edges = tuple(dict.fromkeys(ordered[round(last * at / QUANTILES)] for at in range(QUANTILES + 1)))
        edges = edges if len(edges) > 1 else (edges[0], edges[0])
        return cls(edges=edges, counts=tuple(count_in(values, edges[1:-1])))


class Column(Record):
    """One column, as far as it was sampled."""

    name: Text
    kind: Kind
    values: int = Field(description="Rows that have a value there.")
    empty: int
    distinct: int
    classes: dict[str, int] = Field(
        default_factory=dict, description="Of `classes`: rows by class, most frequent first."
    )
    numbers: Numbers | None = Field(None, description="Of `numbers`.")

    @property
    def is_unique_text(self) -> bool:
        """Whether it holds texts of which no two are alike."""
        return self.kind == "texts" and self.distinct == self.values


class Distributions(Record):
    """The columns of one job's output."""

    job: Text
    deployment: Text
    ended: datetime
    rows: int
    sampled: int
    columns: tuple[Column, ...]

    def column(self, name: str) -> Column | None:
        """The column of that name."""
        return next((column for column in self.columns if column.name == name), None)

    def write(self, job: Folder, name: str = DISTRIBUTIONS) -> None:
        """Keep them in a job's folder."""
        job.write(name, self.model_dump_json().encode())

    @classmethod
    def read(cls, job: Folder, name: str = DISTRIBUTIONS) -> "Distributions | None":
        """Those of a job, if it kept any. Raises: StoreError; ValueError for a file that holds something else."""
        return cls.model_validate_json(job.read(name)) if job.exists(name) else None


def columns_of(found: Predictions) -> tuple[Column, ...]:
    """What each column holds."""
    return tuple(_column(name, values) for name, values in found.columns.items())


def numbers_in(values: list[Any]) -> list[float]:
    """The finite numbers among values."""
    return [number for value in values if (number := _as_number(value)) is not None and isfinite(number)]


def count_in(values: list[float], inner: tuple[float, ...]) -> list[int]:
    """How many values are in each of the bins that inner edges make."""
    counts = [0] * (len(inner) + 1)
    for value in values:
        counts[bisect_left(inner, value)] += 1
    return counts


def classes_in(values: list[Any]) -> "Counter[str]":
    """How often each value is there, as text."""
    return Counter(_as_text(value) for value in values if not _is_empty(value))


def _column(name: str, values: list[Any]) -> Column:
    there = [value for value in values if not _is_empty(value)]
    known: dict[str, Any] = {"name": name, "values": len(there), "empty": len(values) - len(there)}
    if not there:
        return Column(kind="empty", distinct=0, **known)
    numbers = [_as_number(value) for value in there]
    classes = classes_in(there)
    known["distinct"] = len(classes)
    repeat = len(classes) * 2 <= len(there) or len(classes) == 1
    if None not in numbers:
        finite = numbers_in(there)
        are_few = len(classes) <= FEW_NUMBERS and repeat and all(number == int(number) for number in finite)
        if finite and not are_few:
            return Column(kind="numbers", numbers=Numbers.of(finite), **known)
    if len(classes) <= CLASSES and repeat:
        return Column(kind="classes", classes=dict(classes.most_common()), **known)
    return Column(kind="texts", **known)


def _is_empty(value: Any) -> bool:
    return value is None or value == ""


def _as_number(value: Any) -> float | None:
    """The number that a value is or spells; truth values are classes."""
    if isinstance(value, bool):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _as_text(value: Any) -> str:
    return str(printable(value if isinstance(value, str) else str(value)))[:100]
