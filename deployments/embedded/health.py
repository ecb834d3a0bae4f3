"""Questions to a Prefect server over plain HTTP: importing Prefect takes seconds, a command that only asks must not."""

import http.client
import socket
from urllib.parse import urlsplit

import psutil

from deployments.embedded.errors import ServerError


def status(api_url: str, path: str, timeout: float = 2.0) -> int | None:
    """The HTTP status of GET `api_url``path`, or None when nobody answers within `timeout` seconds.

    Proxies of the environment are not used.
    """
    parts = urlsplit(api_url)
    if not parts.hostname or parts.scheme not in {"http", "https"}:
        raise ServerError(
            f"PREFECT_API_URL {api_url!r} is not the address of a Prefect API; it looks like http://HOST:PORT/api"
        )
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname, parts.port, timeout=timeout)
    try:
        connection.request("GET", f"{parts.path.rstrip('/')}{path}")
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def is_healthy(api_url: str, timeout: float = 2.0) -> bool:
    """Whether the server answers and reaches its database."""
    return status(api_url, "/ready", timeout) == http.client.OK


def listens(process: psutil.Process | None, port: int) -> bool:
    """Whether this very process listens on 127.0.0.1:`port`: another server that answers there is not ours."""
    try:
        connections = process.net_connections("tcp4") if process is not None else []
    except psutil.Error:
        return False
    return any(each.status == psutil.CONN_LISTEN and each.laddr.port == port for each in connections)


def is_free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1:`port` now."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            return False
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port(*preferred: int) -> int:
    """The first of the preferred ports that is free, else one the system picks."""
    for port in preferred:
        if is_free(port):
            return port
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
