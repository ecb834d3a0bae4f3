"""Where things stand on a figure: positions in percent of its width, and round numbers for its axes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import ceil, floor, log10

from scoring import spelling

SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400)
"""Steps of a time axis from one second on; below, and above a day, steps are 1, 2 and 5 of a power of ten."""
AT_THE_END = 10.0
"""Percent of a time axis before its end in which no round moment would find room."""


@dataclass(frozen=True)
class Tick:
    """A place on an axis, in percent, and what stands there."""

    at: float
    label: str


def percent(part: float, whole: float) -> float:
    """A position, to a hundredth of a percent."""
    return round(min(100.0, max(0.0, 100 * part / whole)), 2) if whole > 0 else 0.0


def ticks(
    low: float, high: float, spelled: Callable[[float], str], most: int = 6, *, in_time: bool = False
) -> list[Tick]:
    """Round numbers between two others, at most so many and one."""
    if high <= low:
        return [Tick(0.0, spelled(low))]
    return at_each(step_of((high - low) / most, in_time=in_time), low, high, spelled)


def at_each(step: float, low: float, high: float, spelled: Callable[[float], str]) -> list[Tick]:
    """The multiples of a number between two others."""
    first = ceil(low / step - 1e-9)
    values = [number * step for number in range(first, floor(high / step + 1e-9) + 1)]
    return [Tick(percent(value - low, high - low), spelled(value)) for value in values]


def moments(span: float) -> list[Tick]:
    """The axis of a figure over time: round moments, and the end."""
    inner = [tick for tick in ticks(0, span, spelling.moment, in_time=True) if tick.at <= 100 - AT_THE_END]
    return [*inner, Tick(100.0, spelling.moment(span))]


def shares(began: float, ended: float, width: float, bins: int) -> Iterator[tuple[int, float]]:
    """The bins of an axis from 0 on in which a span of time lies, and how much of it lies in each."""
    first, last = (min(bins - 1, max(0, int(moment / width))) for moment in (began, ended))
    if first == last:
        yield first, ended - began
        return
    yield first, (first + 1) * width - began
    for at in range(first + 1, last):
        yield at, width
    yield last, ended - last * width


def step_of(least: float, *, in_time: bool = False) -> float:
    """The next round number."""
    if in_time and 0.5 < least <= SECONDS[-1]:
        return next(step for step in SECONDS if step >= least)
    power = 10.0 ** floor(log10(least))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= least * 0.9999)
