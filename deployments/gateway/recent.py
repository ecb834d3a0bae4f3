"""What was known a moment ago is taken for what is so, so that not every request asks Prefect again."""

import builtins
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar

from cachetools import TTLCache

from blocks.secrets import Secrets
from blocks.specs import Endpoint, Spec
from blocks.store import Dates, Store

S = TypeVar("S", bound=Spec)
T = TypeVar("T")
SECONDS = 1.0
PATIENT_SECONDS = 30.0
"""So long what is registered is kept for requests that wait for their turn: they want it as it was when they came."""
ARRIVED: ContextVar[float | None] = ContextVar("ARRIVED", default=None)
"""When the request came that is being answered, in seconds of time.monotonic(), where it is to send a job."""


@dataclass(frozen=True)
class Asked:
    """A question that was asked, in seconds of time.monotonic(), and what came of it."""

    began: float = field(default_factory=time.monotonic)
    answer: Future[Any] = field(default_factory=Future)


class Recent:
    """Answers that were asked for a moment ago. Nothing is asked twice at once: who comes meanwhile waits.

    Args:
        seconds: how long an answer is kept once it is there.
    """

    def __init__(self, seconds: float = SECONDS) -> None:
        self._answers: TTLCache[object, Asked] = TTLCache(maxsize=1024, ttl=seconds)
        self._asking: dict[object, Asked] = {}
        self._changed = 0.0
        self._lock = threading.Lock()

    def of(self, question: object, ask: Callable[[], T], since: float | None = None) -> T:
        """The answer to a question, that was asked for at `since` or later; left out, one that is kept or looked for.

        Raises: what `ask` raises; that is not kept.
        """
        since = self._changed if since is None else max(self._changed, since)
        while True:
            with self._lock:
                asked = self._known(question, since)
                if is_mine := asked is None:
                    asked = self._asking[question] = Asked()
            assert asked is not None
            if is_mine:
                self._ask(question, asked, ask)
            if asked.began >= since:
                answer: T = asked.answer.result()
                return answer
            wait([asked.answer])

    def forget(self) -> None:
        """Ask anew from now on: something was changed."""
        self._changed = time.monotonic()

    def _known(self, question: object, since: float) -> Asked | None:
        answered = self._answers.get(question)
        if answered is not None and answered.began >= since:
            return answered
        return self._asking.get(question)

    def _ask(self, question: object, asked: Asked, ask: Callable[[], T]) -> None:
        try:
            asked.answer.set_result(ask())
        except BaseException as error:  # noqa: BLE001 - whatever it is, all who wait are told
            asked.answer.set_exception(error)
        with self._lock:
            del self._asking[question]
            if asked.answer.exception() is None:
                self._answers[question] = asked


class RecentStore:
    """A Store that asks another one, and not again for requests that came within a second.

    For a job that is sent an endpoint is as it was when the request came, or newer: who changes a default and then
    sends a job means the new one. Of many requests that came at once, one asks for all.
    """

    def __init__(self, store: Store) -> None:
        self._store, self._recent = store, Recent(PATIENT_SECONDS)

    @property
    def secrets(self) -> Secrets:
        return self._store.secrets

    def get(self, kind: type[S], *name: str) -> S:
        arrived = ARRIVED.get()
        since = arrived if kind is Endpoint and arrived is not None else _a_moment_ago()
        return self._recent.of((kind, *name), lambda: self._store.get(kind, *name), since)

    def put(self, spec: Spec) -> None:
        self._store.put(spec)
        self._recent.forget()

    def add(self, spec: Spec) -> None:
        self._store.add(spec)
        self._recent.forget()

    def dates(self, kind: type[Spec], *name: str) -> Dates:
        return self._store.dates(kind, *name)

    def delete(self, kind: type[Spec], *name: str) -> None:
        self._store.delete(kind, *name)
        self._recent.forget()

    def list(self, kind: type[S]) -> builtins.list[S]:
        return self._recent.of(kind, lambda: self._store.list(kind), _a_moment_ago())


def _a_moment_ago() -> float:
    arrived = ARRIVED.get()
    return (time.monotonic() if arrived is None else arrived) - SECONDS
