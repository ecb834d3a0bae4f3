"""`client.environments`."""

import builtins
from dataclasses import dataclass
from datetime import timedelta

from blocks.specs import Environment
from deployments.client.assets import Assets
from deployments.service import environments
from scoring.environments.built import Built


@dataclass(frozen=True)
class Environments(Assets[Environment]):
    """The interpreter and packages that scoring scripts run with, in versions that never change.

    >>> client.environments.create(Environment(name="plain", python="batchpoint")).version
    '1'
    >>> client.environments.build("plain") is None  # there is nothing to install
    True
    >>> client.environments.prune()
    []
    """

    def build(self, name: str, version: str | None = None) -> Built | None:
        """Build a version, or the one registered last, on this machine; None where there is nothing to build.

        Raises: NotRegistered; EnvironmentUnusableError.
        """
        return environments.prepare(self.show(name, version), self._system.tell)

    def prune(self, unused_for: timedelta = timedelta(0), keep: int = 0) -> builtins.list[Built]:
        """Remove what was built on this machine and no deployment uses, nor a job that runs; longest unused first.

        Args:
            unused_for: only those that no job used for so long.
            keep: bytes that all of them may go on to take.
        Returns: what was removed.
        """
        return environments.prune(self._system.store, unused=unused_for, keep=keep, tell=self._system.tell)
