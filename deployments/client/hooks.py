"""`client.hooks`."""

import builtins
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from blocks.hooks import Hook
from deployments.client.system import Changes, System
from deployments.service import shown

if TYPE_CHECKING:
    from deployments.service.hooks import NewHook


@dataclass(frozen=True)
class Hooks:
    """Events that make an endpoint's jobs, and word of its jobs that have ended.

    >>> made = client.hooks.create(Hook(name="inbox", endpoint_name="words", window=60))
    >>> made.secret.startswith("whsec_")  # shown this once
    True
    >>> client.hooks.update("inbox", {"suffix": ".txt"}).suffix
    '.txt'
    >>> client.hooks.events_uri("inbox")  # none while no gateway is up
    >>> [hook.name for hook in client.hooks.list()]
    ['inbox']
    >>> client.hooks.delete("inbox")
    """

    _system: System

    def create(
        self, hook: Hook | str | Path, changes: Changes | None = None, *, secret: str | None = None
    ) -> "NewHook":
        """Register a hook, or change the one of its name, whose secret stays unless another is given.

        Args:
            hook: the hook, or the path of its YAML.
            changes: over what it says.
            secret: one of yours, in base64, that signs what is sent; left out, one is made.
        Returns: the hook as `hook`, and the secret that was made as `secret`, this once.
        Raises: DeclarationError; NotRegistered for its endpoint; JobRefusedError for its deployment or its settings;
            UnusableError for a secret of another form; ConflictError when the one of its name is another endpoint's, or
            of another direction.
        """
        from deployments.service import hooks

        spec = self._system.declared(Hook, hook, changes or {})
        return hooks.create(self._system.store, self._system.launcher, spec, secret)

    def update(self, name: str, changes: Changes) -> Hook:
        """Change a hook, whose secret stays. Raises: NotRegistered; as create does."""
        from deployments.service import hooks

        spec = self._system.changed(Hook, self.show(name), changes)
        return hooks.create(self._system.store, self._system.launcher, spec).hook

    def show(self, name: str) -> Hook:
        """A hook. Raises: NotRegistered."""
        from deployments.service import hooks

        return hooks.show(self._system.store, name)

    def events_uri(self, name: str) -> str | None:
        """Where a hook of direction in takes events; None for another one, and while no gateway is up.

        Raises: NotRegistered.
        """
        return shown.events_uri(self._system.launcher, self.show(name))

    def list(self) -> builtins.list[Hook]:
        """Every hook, by name."""
        from deployments.service import hooks

        return hooks.list_all(self._system.store)

    def delete(self, name: str) -> None:
        """Forget a hook and its secret; jobs that it made stay. Raises: NotRegistered."""
        from deployments.service import hooks

        hooks.delete(self._system.store, self._system.launcher, name)
