"""How long mini-batches took, and which took longest."""

import heapq
from dataclasses import dataclass
from itertools import pairwise
from math import exp, floor, log

from scoring import spelling
from scoring.job import Job
from scoring.recorded import Tried
from scoring.report.bars import Bars, side_by_side
from scoring.report.scale import Tick, at_each, percent, step_of
from scoring.work import Work

BINS = 30
MARKS = 6
SLOWEST = 10
SKEWED = 20
"""Times the median that the longest takes before the axis is one of powers."""


@dataclass(frozen=True)
class Slow:
    """One of the slowest mini-batches."""

    row: Tried
    first_row: int
    first_file: str

    @property
    def rows(self) -> str:
        """Which rows of the output are its, counted from 1."""
        first, last = self.first_row + 1, self.first_row + self.row.rows
        return "none" if last < first else f"{first:,} to {last:,}" if last > first else f"{first:,}"

    @property
    def ended(self) -> str:
        """ok, or how many of its files failed, and why."""
        row = self.row
        why = "" if row.is_ok else f" ({row.exit})"
        return f"{row.failed:,} of {row.files:,} failed{why}" if row.failed else row.exit


class Slowest:
    """The mini-batches whose calls took longest, as rows are added."""

    def __init__(self) -> None:
        self._rows_before = 0
        self._heap: list[tuple[float, int, Tried, int]] = []

    def add(self, row: Tried) -> None:
        """Take in a mini-batch; they come in the order of the output's rows."""
        one = (row.scoring, -row.mini_batch, row, self._rows_before)
        self._rows_before += row.rows
        if len(self._heap) < SLOWEST:
            heapq.heappush(self._heap, one)
        elif one > self._heap[0]:
            heapq.heapreplace(self._heap, one)

    def found(self, job: Job) -> list[Slow]:
        """The slowest first."""
        indexes = sorted(row.mini_batch for _, _, row, _ in self._heap)
        first = {index: files[0].path for index, files in job.read_mini_batches(indexes)}
        return [Slow(row, before, first.get(row.mini_batch, "")) for _, _, row, before in sorted(self._heap)[::-1]]


def bars_of(work: Work) -> Bars:
    """Mini-batches by the seconds that calling run() took."""
    ordered = sorted(work.seconds)
    middle, most = ordered[len(ordered) // 2], ordered[-1]
    slow = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    edges, marks = (
        _by_powers(max(ordered[0], most / 1e6), most) if most > SKEWED * middle > 0 else _evenly(ordered[0], most)
    )
    counts = _counted(ordered, edges)
    spans = [f"{spelling.seconds(low)} to {spelling.seconds(high)}" for low, high in pairwise(edges)]
    said = [
        f"{span}: {spelling.counted(count, 'mini-batch', 'mini-batches')}"
        for span, count in zip(spans, counts, strict=True)
    ]
    return Bars(
        bars=side_by_side([float(count) for count in counts], said, max(counts)),
        ticks=marks,
        top=spelling.counted(max(counts), "mini-batch", "mini-batches"),
        said=(
            f"Half took at most {spelling.seconds(middle)}, 95 % at most {spelling.seconds(slow)}, the slowest "
            f"{spelling.seconds(most)}."
        ),
        titles=("seconds of run()", "mini-batches"),
        rows=[(span, spelling.count(count)) for span, count in zip(spans, counts, strict=True) if count],
    )


def _evenly(least: float, most: float) -> tuple[list[float], list[Tick]]:
    """Bins of one width, from nothing where the least is near to it, or else from the round number below the least."""
    high = most * 1.02 or 1.0
    low = 0.0 if least < most / 2 else least * 0.9
    step = step_of((high - low) / MARKS, in_time=True)
    low = floor(low / step) * step
    bins = [low + (high - low) * at / BINS for at in range(BINS + 1)]
    return bins, at_each(step, low, high, spelling.moment)


def _by_powers(least: float, most: float) -> tuple[list[float], list[Tick]]:
    """Bins each so many times as wide as the one before."""
    low, high = log(least), log(most * 1.02)
    edges = [exp(low + (high - low) * at / BINS) for at in range(BINS + 1)]
    edges[0] = 0.0
    powers = [10.0**power for power in range(-7, 8) if least <= 10.0**power <= most]
    wanted = powers or [step_of(least)]
    return edges, [Tick(percent(log(value) - low, high - low), spelling.moment(value)) for value in wanted]


def _counted(ordered: list[float], edges: list[float]) -> list[int]:
    counts = [0] * (len(edges) - 1)
    at = 0
    for value in ordered:
        while at < len(counts) - 1 and value >= edges[at + 1]:
            at += 1
        counts[at] += 1
    return counts
