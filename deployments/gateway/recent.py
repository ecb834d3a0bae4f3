"""What was known a moment ago is taken for what is so, so that not every request asks Prefect again."""

import builtins
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from cachetools import TTLCache

from blocks.secrets import Secrets
from blocks.specs import Endpoint, Spec
from blocks.store import Dates, Store

S = TypeVar("S", bound=Spec)
T = TypeVar("T")
SECONDS = 1.0


class Recent:
    """Answers of the last second; who asks while an answer is looked for waits for that one."""

    def __init__(self) -> None:
        self._answers: TTLCache[object, Future[Any]] = TTLCache(maxsize=1024, ttl=SECONDS)
        self._lock = threading.Lock()

    def of(self, question: object, ask: Callable[[], T]) -> T:
        """The answer to a question. Raises: what `ask` raises; that is not kept."""
        with self._lock:
            answer: Future[T] | None = self._answers.get(question)
            if is_new := answer is None:
                answer = self._answers[question] = Future()
        assert answer is not None
        if is_new:
            try:
                answer.set_result(ask())
            except BaseException as error:  # noqa: BLE001 - whatever it is, all who wait are told
                with self._lock:
                    self._answers.pop(question, None)
                answer.set_exception(error)
        return answer.result()

    def forget(self) -> None:
        """Ask anew from now on: something was changed."""
        with self._lock:
            self._answers.clear()


class RecentStore:
    """A Store that asks another one, and not again within a second.

    Endpoints are asked for each time: who changes a default and then sends a job means the new one.
    """

    def __init__(self, store: Store) -> None:
        self._store, self._recent = store, Recent()

    @property
    def secrets(self) -> Secrets:
        return self._store.secrets

    def get(self, kind: type[S], *name: str) -> S:
        if kind is Endpoint:
            return self._store.get(kind, *name)
        return self._recent.of((kind, *name), lambda: self._store.get(kind, *name))

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
        return self._recent.of(kind, lambda: self._store.list(kind))
