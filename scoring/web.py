"""Reading from web servers: a page may send on to public addresses and to what lies below it, and nowhere else.

Who gives an input's URL may not be who should see what the machine that reads it can reach. The address that is
connected to is what counts, so a name that is given another address meanwhile opens nothing.
"""

import asyncio
import errno
import ipaddress
import socket
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any

import aiohttp
from yarl import URL

from scoring.errors import InputError

METADATA = tuple(
    ipaddress.ip_network(network)
    for network in ("169.254.0.0/16", "fe80::/10", "fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192")
)
"""Where clouds tell a machine its own secrets: no input lies there."""
_sent_on: ContextVar[bool] = ContextVar("sent_on", default=False)
"""Whether the request of this task goes where a page sent it on to, beyond what lies below the URL asked for."""


async def open_session(**options: Any) -> aiohttp.ClientSession:
    """A session for fsspec's HTTP file system. Raises, in its requests: InputError, aiohttp.ClientError."""
    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(_begin)
    trace.on_request_redirect.append(_check_redirect)
    connector = aiohttp.TCPConnector(socket_factory=_socket_to)
    return aiohttp.ClientSession(connector=connector, trace_configs=[trace], **options)


async def _begin(_: aiohttp.ClientSession, request: SimpleNamespace, told: aiohttp.TraceRequestStartParams) -> None:
    request.asked = told.url
    _sent_on.set(False)


async def _check_redirect(
    _: aiohttp.ClientSession, request: SimpleNamespace, told: aiohttp.TraceRequestRedirectParams
) -> None:
    location = told.response.headers.get("Location")
    if location is None:
        return
    target = told.url.join(URL(location))
    _sent_on.set(not _lies_below(target, request.asked))
    if _sent_on.get():  # a connection that is open already asks for no socket
        await _check_host(request.asked, target)


async def _check_host(asked: URL, target: URL) -> None:
    found = await asyncio.get_running_loop().getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    if not all(_address(info).is_global for info in found):
        raise InputError(
            f"{asked} sends on to {target}, which is at an address that is not public; give the URL that it sends to"
        )


def _lies_below(target: URL, asked: URL) -> bool:
    is_usual = asked.is_default_port() and target.is_default_port()
    is_there = target.host == asked.host and (is_usual or target.port == asked.port) and ".." not in target.parts
    return is_there and f"{target.raw_path}/".startswith(f"{asked.raw_path.rstrip('/')}/")


def _socket_to(info: Any) -> socket.socket:
    """A socket for one of the addresses that a name has. Raises: OSError for one where no input lies."""
    address = _address(info)
    if any(address in network for network in METADATA):
        raise OSError(errno.EHOSTUNREACH, f"{address} tells secrets of this machine, and no input is read from there")
    if _sent_on.get() and not address.is_global:
        raise OSError(errno.EHOSTUNREACH, f"{address} is not public, and a page sent on to it")
    family, kind, protocol, _, _ = info
    return socket.socket(family, kind, protocol)


def _address(info: Any) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    address = ipaddress.ip_address(info[4][0].partition("%")[0])
    return (isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped) or address
