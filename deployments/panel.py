"""What a live view shows of a job below its log: a bar, its speed, failures by cause, and what the slots are doing."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderResult
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from deployments.service.job_records import Job
from deployments.service.streaming import Progress
from flows.standing import Standing
from scoring.ledger import Cause
from scoring.report.text import shown
from scoring.slot_states import SlotState
from scoring.spelling import lasting, pace

LINES_OF_SLOTS = 8
LEAST_LINES = 4
WIDEST_BAR = 60
DOING = {
    "Queued": "waits for a worker, or for instances that other jobs have",
    "NotStarted": "is due later",
    "Starting": "its process starts",
    "Finalizing": "rows are merged",
    "CancelRequested": "is being ended",
}


@dataclass
class Panel:
    """A job as far as it is known; whoever draws it asks the clock again."""

    job: Job | None = None
    progress: Progress | None = None
    percent: float = 0.0

    def take(self, news: Job | Progress) -> None:
        """Take in what is new. The bar never goes back, though a job that is resumed counts anew what it has stored."""
        if isinstance(news, Job):
            self.job = news
        else:
            self.progress = news
            self.percent = max(self.percent, news.percent)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield self._bar(options.max_width)
        room = max(LEAST_LINES, console.height // 2) - 1
        for line in list(self._lines(time.time(), room))[:room]:
            line.truncate(options.max_width, overflow="ellipsis")
            yield line

    def _bar(self, width: int) -> Table:
        """An empty one has no number until one is known: a resumed job that waits for its turn is not at nothing."""
        counts = self._counts()
        number = f"{self.percent:3.0f} %" if self.progress is not None else ""
        room = width - len(f" {number}  ") - len(counts)
        width = min(WIDEST_BAR, max(10, room))
        bar = ProgressBar(100, self.percent, width=width, complete_style="cyan", finished_style="green")
        row = Table.grid(padding=(0, 1))
        row.add_row(bar, number, Text(counts if room >= 10 else ""))
        return row

    def _counts(self) -> str:
        standing = self._standing
        return f"{standing.done:,} of {standing.files:,} files" if standing is not None else ""

    @property
    def _standing(self) -> Standing | None:
        return self.progress.standing if self.progress is not None else None

    def _lines(self, now: float, room: int) -> Iterator[Text]:
        """All lines below the bar; the slots get what is left of the room."""
        head = Text(", ".join(self._said(now)))
        standing = self._standing
        if standing is not None and standing.failed:
            head = Text.assemble((f"{standing.failed:,} failed", "bold red"), ", " if head else "", head)
        yield head
        if standing is None or (self.job is not None and self.job.status != "Running"):
            return
        yield from _causes(standing)
        taken = 1 + len(standing.causes) + (standing.causes_in_all > len(standing.causes))
        yield from _slots(standing, now, min(LINES_OF_SLOTS, room - taken - 1))

    def _said(self, now: float) -> Iterator[str]:
        if self.job is not None and self.job.status in DOING:
            yield f"{self.job.status}: {DOING[self.job.status]}"
            return
        standing = self._standing
        if standing is None:
            yield "Running: files are listed"
        elif standing.per_second is not None:
            yield pace(standing.per_second)
            left = (standing.left or 0.0) - max(0.0, now - standing.at)
            if standing.done < standing.files and standing.left is not None:
                yield f"about {lasting(left)} left" if left >= 1 else "nearly done"
        if self.job is not None and self.job.start_time is not None:
            yield f"running for {lasting(now - self.job.start_time.timestamp())}"


def _causes(standing: Standing) -> Iterator[Text]:
    for cause in standing.causes:
        yield Text.assemble((f"{cause.files:>7,} × ", "red"), shown(_said(cause)))
    if (others := standing.causes_in_all - len(standing.causes)) > 0:
        yield Text(f"        and {others} more reasons", "dim")


def _said(cause: Cause) -> str:
    place = f" in {cause.where}" if cause.where else ""
    message = f": {cause.message}" if cause.message else ""
    return f"{cause.error}{place}{message} (first: {cause.first})"


def _slots(standing: Standing, now: float, most: int) -> Iterator[Text]:
    """A line for each slot; where there are more than so many, for some, and how many others do what."""
    shown = standing.states[: max(0, most)]
    width = len(str(max((state.slot for state in shown), default=0)))
    for state in shown:
        yield Text.assemble((f"slot {state.slot:>{width}}  ", "dim"), _doing(state, now))
    others = dict(standing.activities)
    for state in shown:
        others[state.activity] -= 1
    counts = [f"{count} {activity}" for activity, count in others.items() if count]
    if counts:
        more = sum(others.values())
        yield Text(f"and {more} more: {', '.join(counts)}" if shown else f"{more} slots: {', '.join(counts)}", "dim")


def _doing(state: SlotState, now: float) -> str:
    if state.mini_batch is None:
        return f"{state.activity}, {lasting(now - state.since)}"
    doing = "" if state.activity == "scoring" else f", {state.activity}"
    return f"mini-batch {state.mini_batch}{doing}, {lasting(now - state.since)}"
