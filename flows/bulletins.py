"""News on its way from where a job scores to where its flow listens: counts, and a few failures told in full."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any, Self

from scoring.chunk import News
from scoring.facts import Fault
from scoring.ledger import Cause
from scoring.slot_states import SlotState

SECONDS_BETWEEN = 0.5
SECONDS_TO_START = 2.0  # between looks at slots that start: what becomes of them is no news of a mini-batch
TOLD_IN_FULL = 20  # failures in one bulletin, and causes; the others are counted


@dataclass(frozen=True)
class Trouble:
    """A failed try of a mini-batch."""

    mini_batch: int
    fault: Fault


@dataclass(frozen=True)
class Bulletin:
    """What happened to some mini-batches, in files, and what slots do meanwhile; never rows.

    Attributes:
        scored, failed: files that are settled.
        settled: mini-batches that are.
        seconds: that their slots took for them, summed.
        troubles: failed tries, a few of them.
        causes: why files were given up.
        slots: of a process that the flow does not run in.
    """

    scored: int = 0
    failed: int = 0
    settled: int = 0
    seconds: float = 0.0
    troubles: tuple[Trouble, ...] = ()
    causes: tuple[Cause, ...] = ()
    slots: tuple[SlotState, ...] = ()

    @classmethod
    def of(cls, news: Iterable[News], slots: Iterable[SlotState] = ()) -> Self:
        """Sum up what became of mini-batches."""
        told = list(news)
        settled = [one for one in told if one.scored or one.failed]
        causes = grouped(cause for one in told for cause in one.causes)
        troubles = (Trouble(one.mini_batch, one.fault) for one in told if one.fault is not None)
        return cls(
            scored=sum(one.scored for one in told),
            failed=sum(one.failed for one in told),
            settled=len(settled),
            seconds=sum(one.seconds for one in settled),
            troubles=tuple(islice(troubles, TOLD_IN_FULL)),
            causes=causes[:TOLD_IN_FULL],
            slots=tuple(slots),
        )

    def as_message(self) -> dict[str, Any]:
        """What a Dask topic carries: it takes nothing but plain types."""
        troubles = [[one.mini_batch, one.fault.model_dump(mode="json")] for one in self.troubles]
        return vars(self) | {
            "troubles": troubles,
            "causes": [cause.model_dump(mode="json") for cause in self.causes],
            "slots": [list(state) for state in self.slots],
        }

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> Self:
        """The bulletin that a Dask topic brought."""
        told = {
            "troubles": tuple(Trouble(index, Fault.model_validate(fault)) for index, fault in message["troubles"]),
            "causes": tuple(Cause.model_validate(cause) for cause in message["causes"]),
            "slots": tuple(SlotState(*state) for state in message["slots"]),
        }
        return cls(**message | told)


def grouped(causes: Iterable[Cause]) -> tuple[Cause, ...]:
    """Causes with those that are alike as one, which has the first one's example; the most frequent first."""
    found: dict[tuple[str, str], Cause] = {}
    for cause in causes:
        known = found.get(cause.alike)
        found[cause.alike] = cause if known is None else known.model_copy(update={"files": known.files + cause.files})
    return tuple(sorted(found.values(), key=lambda cause: -cause.files))


class Wire:
    """Collects news and sends it as bulletins, at most twice a second; from any thread."""

    def __init__(self, send: Callable[[Bulletin], None], slots: Callable[[], Iterable[SlotState]] = tuple) -> None:
        """Begin with no news.

        Args:
            send: takes a bulletin.
            slots: says what the slots here are doing; asked when one is sent.
        """
        self._send = send
        self._slots = slots
        self._lock = threading.Lock()
        self._waiting: list[News] = []
        self._timer: threading.Timer | None = None

    def tell(self, news: News) -> None:
        """Have something sent soon."""
        with self._lock:
            self._waiting.append(news)
            self._send_in(SECONDS_BETWEEN)

    def tell_slots(self) -> None:
        """Have it sent soon what the slots are doing, and again until all have started."""
        with self._lock:
            self._send_in(SECONDS_BETWEEN)

    def _send_in(self, seconds: float) -> None:
        if self._timer is None:
            self._timer = threading.Timer(seconds, self.flush)
            self._timer.daemon = True
            self._timer.start()

    def flush(self) -> None:
        """Send what there is to say now."""
        with self._lock:
            told, self._waiting = self._waiting, []
            timer, self._timer = self._timer, None
            slots = tuple(self._slots())
            if any(state.activity == "starting" for state in slots):
                self._send_in(SECONDS_TO_START)
        if timer is not None:
            timer.cancel()  # where it is not the timer that calls
            self._send(Bulletin.of(told, slots))
