"""All advice that a job's own numbers give reason for."""

from collections.abc import Callable

from scoring.advice.advice import Advice
from scoring.advice.deadline import advise_deadline
from scoring.advice.files import advise_fetching
from scoring.advice.situation import Situation
from scoring.advice.sizes import advise_size
from scoring.advice.slots import advise_fewer_slots, advise_memory, advise_more_slots
from scoring.advice.start import advise_start
from scoring.advice.uneven import advise_on_slow_slot

ADVISERS: tuple[Callable[[Situation], Advice | None], ...] = (
    advise_size,
    advise_fetching,
    advise_on_slow_slot,
    advise_more_slots,
    advise_deadline,
    advise_memory,
    advise_fewer_slots,
    advise_start,
)


def advise(job: Situation) -> list[Advice]:
    """What to change for the next job like this one, what saves most time first.

    Each is estimated as if it were the only change: gains do not add up.
    """
    found = [advice for adviser in ADVISERS if (advice := adviser(job)) is not None]
    return sorted(found, key=lambda advice: -(advice.seconds or 0.0))
