"""`client.datastores`."""

import builtins
from dataclasses import dataclass
from pathlib import Path

from blocks.specs import Datastore
from deployments.client.system import Changes, System
from deployments.service import datastores


@dataclass(frozen=True)
class Datastores:
    """Names for places where files are kept.

    >>> client.datastores.create(Datastore(name="shared", root="shared")).type
    'local'
    >>> [each.name for each in client.datastores.list()]
    ['shared', 'workspaceblobstore']
    >>> client.datastores.delete("shared")
    """

    _system: System

    def create(self, datastore: Datastore | str | Path, changes: Changes | None = None) -> Datastore:
        """Register a datastore, or change the one of its name.

        Raises: DeclarationError; UnusableError when its folder cannot be made.
        """
        return datastores.create(self._system.store, self._system.declared(Datastore, datastore, changes or {}))

    def show(self, name: str) -> Datastore:
        """A datastore; the default one, workspaceblobstore, is always there. Raises: NotRegistered."""
        return datastores.show(self._system.store, name)

    def list(self) -> builtins.list[Datastore]:
        """Every datastore, by name."""
        return datastores.list_all(self._system.store)

    def delete(self, name: str) -> None:
        """Forget a datastore; its files stay. Raises: NotRegistered; ConflictError when something lies in it."""
        datastores.delete(self._system.store, name)
