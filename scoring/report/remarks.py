"""What is said beside the timeline."""

from math import inf
from statistics import median

from scoring import spelling
from scoring.planning import Chunk
from scoring.work import Work

LEAST_PAUSE = 5.0
SLOW = 1.5
"""Times as long per file as the other slots: what is told of the slowest one."""
EARLY = 0.05
"""Of the timeline, before whose end a slot has ended early."""


def interruption(work: Work, timings: dict[str, float]) -> float:
    """Seconds of the timeline in which the job did not run, as when it went on after its machine was lost; mostly 0."""
    pause = work.span - timings.get("score", work.span)
    return pause if pause > LEAST_PAUSE else 0.0


def said_of_slots(work: Work) -> str:
    """Whether one slot was slower than the others, in a sentence."""
    took = {number: slot.seconds_per_file for number, slot in work.slots.items() if slot.files and slot.scoring}
    if len(took) < 2:
        return ""
    slowest = max(took, key=lambda number: took[number])
    others = median(seconds for number, seconds in took.items() if number != slowest)
    if not others or took[slowest] / others < SLOW:
        return "All slots took about as long for a file."
    return (
        f"Slot {slowest} was the slowest: {spelling.seconds(took[slowest])} for a file, "
        f"{took[slowest] / others:.1f} times as long as the others ({spelling.seconds(others)})."
    )


def said_of_the_end(work: Work, chunks: list[Chunk]) -> str:
    """Why slots stand idle at the end while others score, in a sentence; empty where they hardly do.

    Args:
        work: of a job that came to its end in one go; in others slots stood idle for other reasons.
        chunks: as they were planned.
    """
    ended = {number: slot.ended for number, slot in work.slots.items() if slot.ended > -inf}
    largest = max(map(len, chunks), default=0)
    if not ended or largest < 2:
        return ""
    first = min(ended, key=lambda number: ended[number])
    after = ended[first] - work.began
    if after >= (1 - EARLY) * work.span:
        return ""
    return (
        f"Slots are given mini-batches in chunks, at first of {largest:,} and then of ever fewer. After "
        f"{spelling.seconds(after)} none was left for slot {first}, and the others scored what they still had."
    )
