"""Where a job stands, as its progress artifact carries it: counts and short strings, bounded however large the job is.

A progress artifact holds a percentage, a sentence and *metadata*: short texts by name, each cut by Prefect's server
after 500 characters. The sentence is for people; whoever draws a live view reads the metadata.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from scoring.ledger import Cause
from scoring.slot_states import SlotState
from scoring.spelling import lasting, pace

LONGEST = 500  # characters of one entry
SLOTS_NAMED = 16
CAUSES_NAMED = 5
TEXTS = (160, 80, 40, 10)  # characters of a cause's texts: the most that fit


@dataclass(frozen=True)
class Standing:
    """How far a job is, and what it does.

    Attributes:
        files: to score.
        done: those that are settled, earlier runs of the job included.
        failed: those of them that this run gave up.
        per_second: files that are settled in a second; None before any is.
        left: seconds that it still takes; None where nothing is known of that.
        at: when all this was so, in seconds since 1970.
        slots: how many the job has.
        activities: what they do: how many do each.
        states: a few of them, those that have been at theirs for longest, in order of their numbers.
        causes: why files failed, the most frequent causes.
        causes_in_all: how many causes there are.
    """

    files: int
    done: int
    failed: int
    per_second: float | None = None
    left: float | None = None
    at: float = 0.0
    slots: int = 0
    activities: Mapping[str, int] = field(default_factory=dict)
    states: tuple[SlotState, ...] = ()
    causes: tuple[Cause, ...] = ()
    causes_in_all: int = 0

    @property
    def percent(self) -> float:
        """Of the files, how many are settled."""
        return 100.0 * self.done / self.files

    @property
    def text(self) -> str:
        """A sentence with the numbers."""
        said = f"{self.done} of {self.files} files, {self.failed} failed"
        if self.per_second is None or self.left is None or self.done >= self.files:
            return said
        return f"{said}; {pace(self.per_second)}, {lasting(self.left)} left"

    def with_slots(self, states: Sequence[SlotState]) -> dict[str, Any]:
        """What of the slots' states is kept, as fields."""
        longest = sorted(states, key=lambda state: state.since)[:SLOTS_NAMED]
        return {
            "activities": dict(Counter(state.activity for state in states)),
            "states": tuple(sorted(longest)),
        }

    def as_metadata(self) -> dict[str, str]:
        """All of it, as short texts by name."""
        counts = ("files", "done", "failed", "per_second", "left", "at", "slots", "activities", "causes_in_all")
        named = {name: json.dumps(_rounded(getattr(self, name))) for name in counts}
        slots = {f"slot {state.slot}": json.dumps(state[1:]) for state in self.states}
        return named | slots | {f"cause {number}": _told(cause) for number, cause in enumerate(self.causes, 1)}

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> Self | None:
        """What a progress artifact tells; None for one that tells nothing but its percentage."""
        try:
            told = {name: json.loads(text) for name, text in metadata.items()}
            states = [SlotState(int(name[5:]), *value) for name, value in told.items() if name.startswith("slot ")]
            causes = [Cause(**value) for name, value in told.items() if name.startswith("cause ")]
            others = {name: value for name, value in told.items() if name in cls.__dataclass_fields__}
            return cls(**others, states=tuple(states), causes=tuple(causes))
        except (ValueError, TypeError):
            return None


def _rounded(value: Any) -> Any:
    return round(value, 3) if isinstance(value, float) else value


def _told(cause: Cause) -> str:
    """A cause as JSON that is not cut: of its texts there is as much as fits."""
    whole = cause.model_dump(mode="json")
    for most in TEXTS:
        told = {name: value[:most] if isinstance(value, str) else value for name, value in whole.items()}
        text = json.dumps(told, ensure_ascii=False)
        if len(text) <= LONGEST:
            break
    return text
