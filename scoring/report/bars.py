"""Bars side by side: a number for each of several spans."""

from dataclasses import dataclass

from scoring.report.scale import Tick


@dataclass(frozen=True)
class Bar:
    """One bar; `left`, `width`, `height` and `before`, its height in an earlier job, in percent of the figure."""

    left: float
    width: float
    height: float
    said: str
    before: float | None = None


@dataclass(frozen=True)
class Bars:
    """A figure of bars, its axes, and what it says in words."""

    bars: list[Bar]
    ticks: list[Tick]
    top: str
    said: str
    rows: list[tuple[str, ...]]
    titles: tuple[str, ...]


def side_by_side(heights: list[float], said: list[str], most: float, before: list[float] | None = None) -> list[Bar]:
    """Bars of one width; of `heights`, `most` is a full one."""
    width = 100 / len(heights)
    return [
        Bar(
            left=round(at * width, 3),
            width=round(width, 3),
            height=round(100 * height / most, 2),
            said=text,
            before=round(100 * before[at] / most, 2) if before is not None else None,
        )
        for at, (height, text) in enumerate(zip(heights, said, strict=True))
    ]
