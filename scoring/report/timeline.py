"""Who did what when: a lane for each slot, with its mini-batches one by one, or its busy time where they are many."""

from collections import defaultdict
from dataclasses import dataclass, field

from scoring import spelling
from scoring.recorded import FailedTry, Tried
from scoring.report.scale import Tick, moments, percent, shares
from scoring.work import Work

ONE_BY_ONE = 400
"""Mini-batches that are drawn each for itself; of more, a lane shows how busy its slot was in each span of time."""
BINS = 150
LEVELS = 4
LANES = 24
"""Lanes at most: of more slots, several share one."""
MARKS = 300
OF_A_NUMBER, OF_A_DIGIT = 0.6, 0.8
"""Percent of a lane that a number needs around it, and for each of its digits."""
SEEN = 0.01
"""Of a lane, that must be empty to be seen."""


@dataclass(frozen=True)
class Block:
    """A span of time of a lane, in percent; `level` says how much of it was busy, from 1 to LEVELS."""

    left: float
    width: float
    kind: str
    said: str
    level: int = LEVELS
    mini_batch: int | None = None

    @property
    def number(self) -> str:
        """The mini-batch's, where it finds room; what is told of a whole span of time has none."""
        number = "" if self.mini_batch is None or self.kind != "scored" else str(self.mini_batch)
        return number if self.width >= OF_A_NUMBER + OF_A_DIGIT * len(number) else ""

    @property
    def middle(self) -> float:
        """Where its number stands."""
        return round(self.left + self.width / 2, 2)


@dataclass(frozen=True)
class Mark:
    """A moment of a lane, in percent, at which a try has failed or another one began."""

    at: float
    kind: str
    said: str


@dataclass
class Lane:
    """One slot, or several."""

    name: str
    slots: int = 0
    mini_batches: int = 0
    files: int = 0
    failed_tries: int = 0
    busy: float = 0.0
    scoring: float = 0.0
    blocks: list[Block] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)


class Timeline:
    """Lanes, as rows of the tables are added."""

    def __init__(self, work: Work) -> None:
        self.began, self.span = work.began, work.span or 1.0
        self.is_one_by_one = work.mini_batches <= ONE_BY_ONE
        self.numbers = sorted(work.slots)
        self._group = -(-len(self.numbers) // LANES) or 1
        self._places = {number: at // self._group for at, number in enumerate(self.numbers)}
        self.lanes = [self._lane(work, at) for at in range(0, len(self.numbers), self._group)]
        self._busy = [[0.0] * BINS for _ in self.lanes]
        self._drawn: dict[int, tuple[int, float]] = {}
        self._events: dict[tuple[int, int, str], int] = defaultdict(int)
        self._are_marked = sum(slot.failed_tries for slot in work.slots.values()) + work.retried <= MARKS

    def _lane(self, work: Work, at: int) -> Lane:
        numbers = self.numbers[at : at + self._group]
        name = f"slot {numbers[0]}" if len(numbers) == 1 else f"slots {numbers[0]}-{numbers[-1]}"
        lane = Lane(name, len(numbers))
        for slot in (work.slots[number] for number in numbers):
            lane.mini_batches += slot.mini_batches
            lane.files += slot.files
            lane.failed_tries += slot.failed_tries
            lane.busy += slot.busy
            lane.scoring += slot.scoring
        return lane

    def add(self, row: Tried) -> None:
        """Draw the last try of a mini-batch."""
        place = self._places[row.slot]
        if not row.is_ok:
            self._drawn[row.mini_batch] = row.tries, row.ended
        if row.tries > 1:
            self._mark(place, row.called, "retried", f"mini-batch {row.mini_batch} tried again: try {row.tries}")
        if self.is_one_by_one:
            self._draw(self.lanes[place], row)
        else:
            self._fill(self._busy[place], row.began - self.began, row.ended - self.began)

    def add_failed(self, row: FailedTry) -> None:
        """Draw a try that failed."""
        place = self._places[row.slot]
        last, ended = self._drawn.get(row.mini_batch, (0, 0.0))
        is_drawn = last == row.number
        said = f"mini-batch {row.mini_batch}, try {row.number} failed after {spelling.seconds(row.seconds)}: {row.exit}"
        self._mark(place, ended if is_drawn else row.ended, "failed", said)
        if is_drawn:
            return
        if row.number > 1:
            self._mark(place, row.called, "retried", f"mini-batch {row.mini_batch} tried again: try {row.number}")
        if self.is_one_by_one:
            self._draw_waiting(self.lanes[place], row)
            self._block(self.lanes[place], row.called - self.began, row.seconds, "failed", said, row.mini_batch)
        else:
            self._fill(self._busy[place], row.began - self.began, row.ended - self.began)

    def finish(self) -> None:
        """Turn what was counted into blocks and marks."""
        if not self.is_one_by_one:
            for lane, busy in zip(self.lanes, self._busy, strict=True):
                lane.blocks += _runs(busy, self.span / BINS * lane.slots)
        for (place, at, kind), times in sorted(self._events.items()):
            said = f"{spelling.counted(times, 'try', 'tries')} {'failed' if kind == 'failed' else 'began anew'} here"
            self.lanes[place].marks.append(Mark(round((at + 0.5) * 100 / BINS, 2), kind, said))

    @property
    def ticks(self) -> list[Tick]:
        """Moments of the axis."""
        return moments(self.span)

    @property
    def kinds(self) -> set[str]:
        """What a legend must tell of: kinds of blocks, marks (cross, again), and idle where a lane is seen empty."""
        marked = {"again" for lane in self.lanes for mark in lane.marks if mark.kind == "retried"}
        crossed = {"cross" for lane in self.lanes for mark in lane.marks if mark.kind == "failed"}
        idle = {"idle" for lane in self.lanes if lane.busy < (1 - SEEN) * self.span * lane.slots}
        return {block.kind for lane in self.lanes for block in lane.blocks} | marked | crossed | idle

    def _draw_waiting(self, lane: Lane, row: Tried | FailedTry) -> None:
        began = row.began - self.began
        if row.waiting > self.span / 500:
            self._block(lane, began, row.waiting, "starting", f"waited {spelling.seconds(row.waiting)}")
        if row.fetching > self.span / 500:
            said = f"waited for files of mini-batch {row.mini_batch}: {spelling.seconds(row.fetching)}"
            self._block(lane, began + row.waiting, row.fetching, "fetching", said)

    def _draw(self, lane: Lane, row: Tried) -> None:
        self._draw_waiting(lane, row)
        failed = "" if row.is_ok else f", {spelling.count(row.failed)} failed: {row.exit}"
        files = spelling.counted(row.files, "file")
        said = f"mini-batch {row.mini_batch}: {files} in {spelling.seconds(row.scoring)}{failed}"
        kind = "scored" if row.is_ok else "failed"
        self._block(lane, row.called - self.began, row.scoring, kind, said, row.mini_batch)

    def _block(self, lane: Lane, at: float, took: float, kind: str, said: str, mini_batch: int | None = None) -> None:
        width = max(0.12, percent(took, self.span))
        drawn_alone = mini_batch if lane.slots == 1 else None
        lane.blocks.append(Block(percent(at, self.span), width, kind, said, mini_batch=drawn_alone))

    def _mark(self, place: int, moment: float, kind: str, said: str) -> None:
        at = percent(moment - self.began, self.span)
        if self._are_marked:
            self.lanes[place].marks.append(Mark(at, kind, said))
        else:
            self._events[place, min(BINS - 1, int(at * BINS / 100)), kind] += 1

    def _fill(self, busy: list[float], began: float, ended: float) -> None:
        for at, seconds in shares(began, ended, self.span / BINS, BINS):
            busy[at] += seconds


def _runs(busy: list[float], most: float) -> list[Block]:
    """Neighbouring bins of one level as one block."""
    levels = [min(LEVELS, max(1 if took > most / 50 else 0, round(took / most * LEVELS))) for took in busy]
    blocks, first = [], 0
    for at in range(1, len(levels) + 1):
        if at < len(levels) and levels[at] == levels[first]:
            continue
        if level := levels[first]:
            share = spelling.share(min(1.0, sum(busy[first:at]) / (most * (at - first))))
            left, right = round(first * 100 / BINS, 2), round(at * 100 / BINS, 2)
            blocks.append(Block(left, round(right - left, 2), "scored", f"{share} busy", level))
        first = at
    return blocks
