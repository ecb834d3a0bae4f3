"""The Prefect server that Batchpoint starts by itself when it is told of no other."""

from deployments.embedded.connection import Connection, connect
from deployments.embedded.errors import ServerError
from deployments.embedded.home import home

__all__ = ["Connection", "ServerError", "connect", "home"]
