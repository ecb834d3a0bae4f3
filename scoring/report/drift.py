"""How far a column's distribution has moved since an earlier job: the population stability index.

PSI sums (now - before) x ln(now / before) over bins, each a share of the rows. Up to 0.1 is usually called stable and
above 0.2 a shift; chance alone makes it about (bins - 1) x (1 / rows now + 1 / rows before).
Source: Yurdakul, "Statistical Properties of Population Stability Index", Western Michigan University, 2018.
"""

from dataclasses import dataclass
from math import log
from typing import Any

from scoring.report.distributions import Column, classes_in, count_in, numbers_in

LIMIT = 0.2
BINS = 10
NEVER = 0.5
"""Rows that an empty bin counts as, so that it makes no infinite index."""
BY_CHANCE = 2.0
"""Times as large as chance makes it that an index must be to mean something."""


@dataclass(frozen=True)
class Drift:
    """A column's index, and what chance alone would make of it."""

    psi: float
    by_chance: float

    @property
    def is_flagged(self) -> bool:
        """Whether it is above 0.2, and cannot well be chance."""
        return self.psi > max(LIMIT, BY_CHANCE * self.by_chance)

    @property
    def is_unsure(self) -> bool:
        """Whether it is above 0.2 with so few rows that chance may have made it."""
        return self.psi > LIMIT and not self.is_flagged


def drift_of(before: Column, now: Column, values: list[Any]) -> Drift | None:
    """The drift of a column since an earlier job; None where the two cannot be compared.

    Args:
        before: the column in that job.
        now: the column in this one.
        values: of this one.
    """
    if before.kind != now.kind or not before.values or not now.values:
        return None
    if before.numbers is not None:
        return _of_numbers(before, values)
    if before.kind == "classes":
        there = classes_in(values)
        names = {**before.classes, **there}
        return psi([before.classes.get(name, 0) for name in names], [there[name] for name in names])
    return None


def _of_numbers(before: Column, values: list[Any]) -> Drift:
    """In bins of about a tenth of the earlier job's rows each."""
    assert before.numbers is not None
    edges, counts = before.numbers.edges, before.numbers.counts
    inner: list[float] = []
    expected: list[int] = [0]
    each, reached = sum(counts) / BINS, edges[0]
    for edge, count in zip(edges[1:], counts, strict=True):
        if expected[-1] and expected[-1] + count / 2 > each:
            expected.append(0)
            inner.append(reached)
        expected[-1] += count
        reached = edge
    return psi(expected, count_in(numbers_in(values), tuple(inner)))


def psi(before: list[int], now: list[int]) -> Drift:
    """The index of rows by bin."""
    bins, old, new = len(before), sum(before), sum(now)
    total = 0.0
    for past, present in zip(before, now, strict=True):
        was = max(past, NEVER) / old
        is_now = max(present, NEVER) / max(new, 1)
        total += (is_now - was) * log(is_now / was)
    return Drift(psi=total, by_chance=(bins - 1) * (1 / old + 1 / max(new, 1)))
