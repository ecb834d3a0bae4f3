"""Advice where one slot is much slower than the others."""

from statistics import median

from scoring import spelling
from scoring.advice.advice import Advice
from scoring.advice.situation import Situation
from scoring.advice.sizes import gain_of, is_worth

SLOW = 1.5
"""Times as long for a file as the others take."""
LEAST = 3
"""Mini-batches that each of them must have had, for this to be more than chance."""


def advise_on_slow_slot(job: Situation) -> Advice | None:
    """See to a slot that is slow, where the others would have ended sooner with another of their kind."""
    slots = {number: slot for number, slot in job.work.slots.items() if slot.mini_batches >= LEAST and slot.scoring}
    if len(slots) < LEAST - 1:
        return None
    slowest = max(slots, key=lambda number: slots[number].seconds_per_file)
    others = median(slot.seconds_per_file for number, slot in slots.items() if number != slowest)
    times = slots[slowest].seconds_per_file / others
    excess = slots[slowest].scoring - slots[slowest].files * others
    gain = min(excess, job.scoring_seconds - job.work.files * others / job.slots)
    if times < SLOW or not is_worth(job, gain):
        return None
    return Advice(
        finding=(
            f"Slot {slowest} took {spelling.seconds(slots[slowest].seconds_per_file)} for a file, {times:.1f} times as "
            f"long as the others ({spelling.seconds(others)})."
        ),
        change=f"See what makes slot {slowest} slow: its instance, or what else runs there",
        gain=gain_of(job, gain, "If it were as fast as the others, that would save"),
        seconds=round(gain, 3),
    )
