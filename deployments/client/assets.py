"""`client.data`, and what `client.models` and `client.environments` have in common with it."""

import builtins
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from blocks.specs import Asset
from blocks.store import Store
from deployments.client.system import Changes, System
from deployments.service import assets
from deployments.service.telling import Tell

A = TypeVar("A", bound=Asset)


class Create(Protocol[A]):
    """The service's verb that registers a version."""

    def __call__(self, store: Store, asset: A, /, tell: Tell) -> A:
        """Register it, and tell what someone should know."""


class Delete(Protocol):
    """The service's verb that forgets a version."""

    def __call__(self, store: Store, name: str, version: str | None = None) -> None:
        """Forget it."""


@dataclass(frozen=True)
class Assets(Generic[A]):
    """What is registered in versions that never change; without a version, the next number is taken.

    >>> client.data.create(Data(name="letters", path="texts")).version
    '1'
    >>> client.data.show("letters").type
    'uri_folder'
    >>> client.batch_endpoints.invoke("words", "azureml:letters@latest").input
    'azureml:letters:1'
    >>> client.data.archive("letters")
    >>> client.data.list()
    []
    >>> client.data.restore("letters")
    >>> client.data.delete("letters")
    """

    _system: System
    _kind: type[A]
    _create: Create[A]
    _delete: Delete

    def create(self, asset: A | str | Path, changes: Changes | None = None) -> A:
        """Register a version, unless the newest one has the same content.

        Raises: DeclarationError; UnusableError for a path that is not there; ConflictError when the version exists
            with other content.
        """
        spec = self._system.declared(self._kind, asset, changes or {})
        return self._create(self._system.store, spec, tell=self._system.tell)

    def show(self, name: str, version: str | None = None) -> A:
        """A version, or the one registered last. Raises: NotRegistered."""
        return assets.show(self._system.store, self._kind, name, version)

    def list(self, name: str | None = None, shown: assets.Shown = "active") -> builtins.list[A]:
        """Every version of everything, or of one name.

        Args:
            name: only this one's.
            shown: active leaves out what is archived, archived has nothing else, all has both.
        """
        if name is None:
            return assets.list_all(self._system.store, self._kind, shown)
        return assets.list_versions(self._system.store, self._kind, name, shown)

    def archive(self, name: str, version: str | None = None) -> None:
        """Leave a version, or all of them, out of lists and of @latest. Raises: NotRegistered."""
        assets.archive(self._system.store, self._kind, name, version)

    def restore(self, name: str, version: str | None = None) -> None:
        """Take an archived version, or all of them, in again. Raises: NotRegistered."""
        assets.archive(self._system.store, self._kind, name, version, archived=False)

    def delete(self, name: str, version: str | None = None) -> None:
        """Forget a version, which may be left out when there is one only.

        Raises: NotRegistered; ConflictError when something uses it, or it is not clear which is meant.
        """
        self._delete(self._system.store, name, version)
