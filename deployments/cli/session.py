"""What a command works on."""

import os
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

    from blocks.store import Store
    from deployments.service.registration import Launcher


class Session:
    """The store and the launcher of one command; a server is looked for, or started, when either is first asked for.

    Args:
        store, launcher: used in place of the server's.
    """

    def __init__(self, store: "Store | None" = None, launcher: "Launcher | None" = None) -> None:
        self._given = store, launcher

    @property
    def began(self) -> float | None:
        """When the command began, in seconds since 1970, which may have been in another process; None in a test."""
        told = os.environ.get("BATCHPOINT_BEGAN")
        return float(told) if told else None

    @cached_property
    def store(self) -> "Store":
        given = self._given[0]
        return given if given is not None else self._prefect_store()

    @cached_property
    def launcher(self) -> "Launcher":
        given = self._given[1]
        return given if given is not None else self._prefect_launcher()

    @cached_property
    def _is_connected(self) -> bool:
        from deployments.embedded import connect

        connect()
        return True

    def _prefect_store(self) -> "Store":
        assert self._is_connected
        from blocks.prefect_store import PrefectStore  # only now does the environment say where the server is

        return PrefectStore()

    def _prefect_launcher(self) -> "Launcher":
        assert self._is_connected
        from deployments.service.prefect_launcher import PrefectLauncher

        return PrefectLauncher()


def prefect_client(session: Session) -> "SyncPrefectClient":
    """Prefect's client; it is the session's store that finds, or starts, the server."""
    assert session.store is not None
    from prefect.client.orchestration import get_client

    return get_client(sync_client=True)
