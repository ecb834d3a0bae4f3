"""Where registered things are kept: the seam, and its twin in memory. Prefect's is in blocks.prefect_store."""

import builtins
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol, TypeVar, cast

from blocks.errors import AlreadyRegistered, NotRegistered
from blocks.names import block_name, same_name
from blocks.secrets import MemorySecrets, Secrets
from blocks.specs import Spec

S = TypeVar("S", bound=Spec)


@dataclass(frozen=True)
class Dates:
    """When something was registered, and when it was changed last."""

    created_at: datetime
    last_modified_at: datetime


class Store(Protocol):
    """Specs by kind and name; names compare without case."""

    @property
    def secrets(self) -> Secrets:
        """What goes with some of them and is shown nowhere."""

    def get(self, kind: type[S], *name: str) -> S:
        """The one registered under this name.

        Raises: NotRegistered, naming what is there instead; UnreadableBlock.
        """

    def put(self, spec: Spec) -> None:
        """Register it, in place of what has its name."""

    def add(self, spec: Spec) -> None:
        """Register it unless its name is taken; of several who try at once, one does.

        Raises: AlreadyRegistered.
        """

    def dates(self, kind: type[Spec], *name: str) -> Dates:
        """When it was registered and changed. Raises: NotRegistered."""

    def delete(self, kind: type[Spec], *name: str) -> None:
        """Forget it. Raises: NotRegistered."""

    def list(self, kind: type[S]) -> builtins.list[S]:
        """All of a kind, the first registered first. Raises: UnreadableBlock."""


class MemoryStore:
    """A Store that ends with its process, for tests and for trying things."""

    def __init__(self) -> None:
        self._kept: dict[type[Spec], dict[str, tuple[Spec, Dates]]] = {}
        self._adding = threading.Lock()
        self.secrets = MemorySecrets()

    def get(self, kind: type[S], *name: str) -> S:
        return cast(S, self._found(kind, name)[0])

    def put(self, spec: Spec) -> None:
        now = datetime.now(UTC)
        kept, name = self._kept.setdefault(type(spec), {}), block_name(*spec.key)
        created = kept[name][1].created_at if name in kept else now
        kept[name] = spec, Dates(created, now)

    def add(self, spec: Spec) -> None:
        with self._adding:
            if block_name(*spec.key) in self._kept.get(type(spec), {}):
                raise AlreadyRegistered(spec.word, spec.key)
            self.put(spec)

    def dates(self, kind: type[Spec], *name: str) -> Dates:
        return self._found(kind, name)[1]

    def delete(self, kind: type[Spec], *name: str) -> None:
        self._found(kind, name)
        del self._kept[kind][block_name(*name)]

    def list(self, kind: type[S]) -> builtins.list[S]:
        return cast(builtins.list[S], [spec for spec, _ in self._kept.get(kind, {}).values()])

    def _found(self, kind: type[Spec], name: tuple[str, ...]) -> tuple[Spec, Dates]:
        found = self._kept.get(kind, {}).get(block_name(*name))
        if found is None:
            raise not_registered(self, kind, name)
        return found


def not_registered(store: Store, kind: type[Spec], name: tuple[str, ...]) -> NotRegistered:
    """The error for a name that `store` does not have, with the names that it has in its place.

    Of something named in two parts these are the second parts that go with the same first one.
    """
    keys = [spec.key for spec in store.list(kind)]
    beside = [key for key in keys if len(key) == 1 or same_name(key[0], name[0])]
    if beside or kind.word == "deployment":
        return NotRegistered(kind.word, name, tuple(dict.fromkeys(key[-1] for key in beside)))
    return NotRegistered(kind.word, name[:1], tuple(dict.fromkeys(key[0] for key in keys)))
