"""The Prefect server that Batchpoint starts by itself when it is told of no other."""

from typing import TYPE_CHECKING

from deployments.embedded.errors import ServerError

if TYPE_CHECKING:
    from deployments.embedded.connection import Connection, connect

__all__ = ["Connection", "ServerError", "connect"]


def __getattr__(name: str) -> object:
    """Import what is asked for only now: a command that is forked needs none of it, and a tenth of a second counts."""
    if name in {"Connection", "connect"}:
        from deployments.embedded import connection

        return getattr(connection, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
