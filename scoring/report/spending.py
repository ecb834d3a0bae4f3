"""Where the time went: the job's stages one after the other, and what the slots did meanwhile."""

from dataclasses import dataclass

from scoring import spelling
from scoring.report.scale import percent
from scoring.stages import STAGES
from scoring.work import Work

OF_SLOTS = {
    "start": "processes started, imported the script and ran init(); waits for a turn are in it",
    "fetch": "slots waited for input files",
    "run()": "run() was called, failed tries included",
    "write": "rows were stored as parts",
    "idle": "slots had nothing to do, or time passed between two calls",
}
PLAIN, MAIN = "plain", "main"
NEARLY = 0.8
"""Of the largest part that starting processes must be to be told of in a sentence."""


@dataclass(frozen=True)
class Part:
    """One part of a bar, in seconds and in percent, and how it is drawn."""

    name: str
    means: str
    seconds: float
    left: float
    width: float
    kind: str

    @property
    def share(self) -> float:
        """Of the whole bar, 0 to 1."""
        return self.width / 100


def of_stages(timings: dict[str, float]) -> list[Part]:
    """The job's stages, in order."""
    stages = {name: timings[name] for name in STAGES if name in timings}
    return _parts(stages, STAGES, main="score")


def of_slots(work: Work, slots: int) -> list[Part]:
    """What so many slots did, summed over them."""
    if not work.slots:
        return []
    sums = {
        "start": work.sum_of("starting"),
        "fetch": work.sum_of("fetching"),
        "run()": work.sum_of("scoring"),
        "write": work.sum_of("writing"),
        "idle": work.idle(slots),
    }
    return _parts(sums, OF_SLOTS, main="run()")


def said_of_start(parts: list[Part]) -> str:
    """Whether slots mostly started their processes, in a sentence; empty where they did not."""
    share = {part.name: part.share for part in parts}
    if not share or share["start"] < NEARLY * max(share.values()):
        return ""
    started, called = spelling.share(share["start"]), spelling.share(share["run()"])
    return f"Starting processes took {started} of the slots' time, calls of run() took {called}."


def _parts(seconds: dict[str, float], meanings: dict[str, str], main: str) -> list[Part]:
    whole, before = sum(seconds.values()), 0.0
    parts = []
    for name, took in seconds.items():
        kind = MAIN if name == main else PLAIN
        parts.append(Part(name, meanings[name], took, percent(before, whole), percent(took, whole), kind))
        before += took
    return parts
