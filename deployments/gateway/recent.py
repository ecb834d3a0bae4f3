"""What was registered a moment ago is taken for what is registered, so that not every request asks Prefect again."""

import builtins
import threading
from collections.abc import Callable
from typing import TypeVar, cast

from cachetools import TTLCache

from blocks.secrets import Secrets
from blocks.specs import Endpoint, Spec
from blocks.store import Dates, Store

S = TypeVar("S", bound=Spec)
T = TypeVar("T")
SECONDS = 1.0


class RecentStore:
    """A Store that asks another one, and not again within a second.

    Endpoints are asked for each time: who changes a default and then sends a job means the new one.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: TTLCache[object, object] = TTLCache(maxsize=1024, ttl=SECONDS)
        self._lock = threading.Lock()

    @property
    def secrets(self) -> Secrets:
        return self._store.secrets

    def get(self, kind: type[S], *name: str) -> S:
        if kind is Endpoint:
            return self._store.get(kind, *name)
        return self._recent((kind, *name), lambda: self._store.get(kind, *name))

    def put(self, spec: Spec) -> None:
        self._store.put(spec)
        self._known.clear()

    def add(self, spec: Spec) -> None:
        self._store.add(spec)
        self._known.clear()

    def dates(self, kind: type[Spec], *name: str) -> Dates:
        return self._store.dates(kind, *name)

    def delete(self, kind: type[Spec], *name: str) -> None:
        self._store.delete(kind, *name)
        self._known.clear()

    def list(self, kind: type[S]) -> builtins.list[S]:
        return self._recent(kind, lambda: self._store.list(kind))

    def _recent(self, key: object, ask: Callable[[], T]) -> T:
        with self._lock:
            if key in self._known:
                return cast("T", self._known[key])
        found = ask()
        with self._lock:
            self._known[key] = found
        return found
