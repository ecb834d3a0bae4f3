"""Memory of the scoring processes, a lane for each slot."""

from collections.abc import Iterable
from dataclasses import dataclass

from scoring import spelling
from scoring.recorded import Sample
from scoring.report.scale import Tick, moments, percent
from scoring.report.timeline import LANES
from scoring.work import Work

POINTS = 120
WIDTH, HEIGHT = 1000, 30
"""Units of a lane's own drawing, which is stretched to its place."""


@dataclass(frozen=True)
class MemoryLane:
    """One slot's memory, or the most of several: an area, and the most in words."""

    name: str
    area: str
    most: int
    on_gpu: int
    cpu_share: float | None


@dataclass(frozen=True)
class Memory:
    """All lanes, on one scale."""

    lanes: list[MemoryLane]
    ticks: list[Tick]
    most: int
    said: str


def memory_of(work: Work, samples: Iterable[Sample]) -> Memory | None:
    """The lanes; None where nobody looked."""
    if not work.memory:
        return None
    numbers = sorted(number for number, slot in work.slots.items() if slot.memory)
    group = -(-len(numbers) // LANES)
    places = {number: at // group for at, number in enumerate(numbers)}
    looks: list[dict[int, int]] = [{} for _ in range(0, len(numbers), group)]
    first = work.ended
    for sample in samples:
        at = int(percent(sample.time - work.began, work.span or 1.0) * (POINTS - 1) / 100)
        first = min(first, sample.time)
        lane = looks[places[sample.slot]]
        lane[at] = max(lane.get(at, 0), sample.memory_bytes)
    lanes = [
        MemoryLane(
            name=f"slot {mine[0]}" if len(mine) == 1 else f"slots {mine[0]}-{mine[-1]}",
            area=_area(looks[place], work.memory),
            most=max(work.slots[number].memory for number in mine),
            on_gpu=max(work.slots[number].gpu_memory for number in mine),
            cpu_share=max((s for n in mine if (s := work.slots[n].cpu_share) is not None), default=None),
        )
        for place, mine in enumerate(numbers[at : at + group] for at in range(0, len(numbers), group))
    ]
    return Memory(
        lanes=lanes,
        ticks=moments(work.span or 1.0),
        most=work.memory,
        said=(
            f"A scoring process had {spelling.size(work.memory)} at most, with all that it started. "
            f"It was first looked at after {spelling.seconds(max(0.0, first - work.began))}."
        ),
    )


def _area(looks: dict[int, int], most: int) -> str:
    """An SVG path: what was seen holds until the next look."""
    path = [f"M0 {HEIGHT}"]
    for at in sorted(looks):
        x = round(at * WIDTH / (POINTS - 1))
        path.append(f"H{x}" if len(path) > 1 else f"M{x} {HEIGHT}")
        path.append(f"V{HEIGHT * (1 - looks[at] / most * 0.96):.1f}")
    return " ".join([*path, f"H{WIDTH}", f"V{HEIGHT}", "Z"])
