"""The columns of the output as figures: classes with their shares, numbers as a distribution, and both before."""

from bisect import bisect_left
from dataclasses import dataclass
from itertools import pairwise
from math import inf
from typing import Any

from scoring import spelling
from scoring.report.bars import Bars, side_by_side
from scoring.report.distributions import Column, Distributions, Numbers, numbers_in
from scoring.report.drift import Drift, drift_of
from scoring.report.predictions import Predictions
from scoring.report.scale import ticks

BINS = 24
"""At most; of few values there are about twice the cube root of their number, lest chance alone makes a comb."""
CLASSES_SHOWN = 15
FAR = 5
"""Times the width of all but the outermost numbers that the outermost take before the figure leaves them out."""


@dataclass(frozen=True)
class ClassBar:
    """A class, its rows, its share of them, and its share in the earlier job."""

    name: str
    rows: int
    share: float
    before: float | None


@dataclass(frozen=True)
class Figure:
    """A column: what it holds, drawn, and how far it has moved."""

    column: Column
    classes: list[ClassBar]
    more_classes: int
    bars: Bars | None
    drift: Drift | None
    before: Column | None

    @property
    def most(self) -> float:
        """The largest share of a class, then or now, which is drawn as a full bar."""
        return max([1e-9, *(max(bar.share, bar.before or 0.0) for bar in self.classes)])

    @property
    def said(self) -> str:
        """What became of the column since the earlier job, in a sentence; empty where there is none."""
        if self.before is None:
            return ""
        if self.before.kind != self.column.kind:
            return f"It held {self.before.kind} before, and holds {self.column.kind} now."
        if self.drift is None:
            return ""
        index = f"PSI {self.drift.psi:.2f}"
        if self.drift.is_flagged:
            return f"{index}, above 0.2: its distribution has shifted."
        if self.drift.is_unsure:
            return f"{index}, above 0.2, but with so few rows chance alone makes {self.drift.by_chance:.2f}."
        return f"{index}: as before."


def figures_of(columns: tuple[Column, ...], found: Predictions, earlier: Distributions | None) -> list[Figure]:
    """A figure for each column, but for those that are texts of which no two are alike, as names of files are."""
    figures = [
        _figure(column, found.columns[name], earlier) for name, column in zip(found.columns, columns, strict=True)
    ]
    return [figure for figure in figures if figure.said or not figure.column.is_unique_text]


def _figure(column: Column, values: list[Any], earlier: Distributions | None) -> Figure:
    before = earlier.column(column.name) if earlier is not None else None
    comparable = before if before is not None and before.kind == column.kind else None
    return Figure(
        column=column,
        classes=_classes(column, comparable),
        more_classes=max(0, len(column.classes) - CLASSES_SHOWN),
        bars=_bars(column.numbers, numbers_in(values), comparable) if column.numbers is not None else None,
        drift=drift_of(before, column, values) if before is not None else None,
        before=before,
    )


def _classes(column: Column, before: Column | None) -> list[ClassBar]:
    shown = sorted(list(column.classes.items())[:CLASSES_SHOWN], key=_order)
    gone = [name for name in before.classes if name not in column.classes] if before is not None else []
    shown += [(name, 0) for name in gone[: max(0, CLASSES_SHOWN - len(shown))]]
    return [
        ClassBar(
            name=name,
            rows=rows,
            share=rows / column.values,
            before=before.classes.get(name, 0) / before.values if before is not None else None,
        )
        for name, rows in shown
    ]


def _order(one: tuple[str, int]) -> tuple[float, int]:
    """Classes that are numbers by their size, then others, the most frequent first."""
    name, rows = one
    numbers = numbers_in([name])
    return (numbers[0], 0) if numbers else (inf, -rows)


def _bars(numbers: Numbers, values: list[float], before: Column | None) -> Bars:
    then = before.numbers if before is not None else None
    low, high = _range(numbers, then)
    bins = min(BINS, round(2 * len(values) ** (1 / 3)))
    edges = [low + (high - low) * at / bins for at in range(bins + 1)]
    counts = [0] * bins
    for value in values:
        if low <= value <= high:
            counts[min(bins - 1, max(0, bisect_left(edges, value) - 1))] += 1
    shares = [count / len(values) for count in counts]
    past = _spread(then, edges) if then is not None else None
    spans = [f"{spelling.plain(a)} to {spelling.plain(b)}" for a, b in pairwise(edges)]
    said = [f"{span}: {spelling.share(share)}" for span, share in zip(spans, shares, strict=True)]
    most = max([*shares, *(past or [])]) or 1.0
    ordered = sorted(values)
    middle = ordered[len(ordered) // 2]
    beyond = len(values) - sum(counts)
    outside = f" {spelling.counted(beyond, 'row')} beyond the figure." if beyond else ""
    return Bars(
        bars=side_by_side(shares, said, most, past),
        ticks=ticks(low, high, spelling.plain, 5),
        top=f"{spelling.share(most)} of the rows",
        said=(
            f"From {spelling.plain(ordered[0])} to {spelling.plain(ordered[-1])}, half at most "
            f"{spelling.plain(middle)}.{outside}"
        ),
        titles=("values", "rows", "share") if past is None else ("values", "rows", "share", "before"),
        rows=[
            (span, spelling.count(count), spelling.share(share), *([spelling.share(past[at])] if past else []))
            for at, (span, count, share) in enumerate(zip(spans, counts, shares, strict=True))
        ],
    )


def _range(*several: Numbers | None) -> tuple[float, float]:
    """From the least number to the greatest of all."""
    lows, highs = zip(*(_span(numbers) for numbers in several if numbers is not None), strict=True)
    low, high = min(lows), max(highs)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _span(numbers: Numbers) -> tuple[float, float]:
    """From the least number to the greatest, unless a few of them lie far off."""
    edges = numbers.edges
    if len(edges) > 4 and edges[-1] - edges[0] > FAR * (edges[-2] - edges[1]) > 0:
        return edges[1], edges[-2]
    return edges[0], edges[-1]


def _spread(numbers: Numbers, edges: list[float]) -> list[float]:
    """Shares of numbers that are known by their quantiles, in other bins: those of a bin are thought to lie evenly."""
    total = sum(numbers.counts)
    shares = [0.0] * (len(edges) - 1)
    for low, high, count in zip(numbers.edges, numbers.edges[1:], numbers.counts, strict=False):
        for at, (left, right) in enumerate(pairwise(edges)):
            if high == low:
                inside = 1.0 if left <= low < right or (at == len(shares) - 1 and low == right) else 0.0
            else:
                inside = max(0.0, min(high, right) - max(low, left)) / (high - low)
            shares[at] += inside * count / total
    return shares
