"""News on its way from where a job scores to where its flow listens: counts, and a few failures told in full."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Self

from scoring.chunk import News
from scoring.facts import Fault

SECONDS_BETWEEN = 0.5
TOLD_IN_FULL = 20  # failures in one bulletin; the others are counted


@dataclass(frozen=True)
class Trouble:
    """A failed try of a mini-batch."""

    mini_batch: int
    fault: Fault


@dataclass(frozen=True)
class Bulletin:
    """What happened to some mini-batches, in files; never rows."""

    scored: int = 0
    failed: int = 0
    troubles: tuple[Trouble, ...] = ()

    @classmethod
    def of(cls, news: Iterable[News]) -> Self:
        """Sum up what became of mini-batches."""
        told = list(news)
        troubles = (Trouble(one.mini_batch, one.fault) for one in told if one.fault is not None)
        return cls(
            scored=sum(one.scored for one in told),
            failed=sum(one.failed for one in told),
            troubles=tuple(trouble for trouble, _ in zip(troubles, range(TOLD_IN_FULL), strict=False)),
        )

    def as_message(self) -> dict[str, Any]:
        """What a Dask topic carries: it takes nothing but plain types."""
        troubles = [[one.mini_batch, one.fault.model_dump(mode="json")] for one in self.troubles]
        return {"scored": self.scored, "failed": self.failed, "troubles": troubles}

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> Self:
        """The bulletin that a Dask topic brought."""
        troubles = tuple(Trouble(index, Fault.model_validate(fault)) for index, fault in message["troubles"])
        return cls(scored=message["scored"], failed=message["failed"], troubles=troubles)


class Wire:
    """Collects news and sends it as bulletins, at most twice a second; from any thread."""

    def __init__(self, send: Callable[[Bulletin], None]) -> None:
        self._send = send
        self._lock = threading.Lock()
        self._waiting: list[News] = []

    def tell(self, news: News) -> None:
        """Have something sent soon."""
        with self._lock:
            self._waiting.append(news)
            if len(self._waiting) == 1:
                timer = threading.Timer(SECONDS_BETWEEN, self.flush)
                timer.daemon = True
                timer.start()

    def flush(self) -> None:
        """Send what waits."""
        with self._lock:
            told, self._waiting = self._waiting, []
        if told:
            self._send(Bulletin.of(told))
