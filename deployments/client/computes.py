"""`client.computes`."""

import builtins
from dataclasses import dataclass
from pathlib import Path

from blocks.specs import Compute
from deployments.client.system import Changes, System
from deployments.service import computes


@dataclass(frozen=True)
class Computes:
    """Where jobs run, and how much of it they may take together.

    >>> client.computes.create(Compute(name="lab", type="dask", address="tcp://10.1.2.3:8786")).max_instances
    1
    >>> client.computes.update("lab", {"max_instances": 8}).max_instances
    8
    >>> client.computes.count_busy("lab")
    0
    >>> client.computes.delete("lab")
    >>> [each.name for each in client.computes.list()]
    ['batch-cluster']
    """

    _system: System

    def create(self, compute: Compute | str | Path, changes: Changes | None = None) -> Compute:
        """Register a compute, or change the one of its name. Raises: DeclarationError."""
        spec = self._system.declared(Compute, compute, changes or {})
        return computes.create(self._system.store, self._system.launcher, spec)

    def update(self, name: str, changes: Changes) -> Compute:
        """Change a compute; jobs that run keep what they have. Raises: NotRegistered; DeclarationError."""
        spec = self._system.changed(Compute, self.show(name), changes)
        return computes.create(self._system.store, self._system.launcher, spec)

    def show(self, name: str) -> Compute:
        """A compute. Raises: NotRegistered."""
        return computes.show(self._system.store, name)

    def count_busy(self, name: str) -> int:
        """How many instances of a compute jobs have taken. Raises: NotRegistered."""
        return self._system.launcher.count_busy(self.show(name).name)

    def list(self) -> builtins.list[Compute]:
        """Every compute, by name."""
        return computes.list_all(self._system.store)

    def delete(self, name: str) -> None:
        """Forget a compute. Raises: NotRegistered; ConflictError when deployments run on it."""
        computes.delete(self._system.store, self._system.launcher, name)
