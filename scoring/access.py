"""How stores are opened that need credentials: told to this process by whoever may know them, and written nowhere."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PATIENCE: Mapping[str, Mapping[str, Any]] = {
    "s3": {
        "max_concurrency": 2,  # pieces of one large file, each of 50 MB and in memory
        "config_kwargs": {
            # Of refusals to serve (503), lost connections and throttling; s3fs itself repeats half of these only.
            "retries": {"mode": "standard", "max_attempts": 6},
            "connect_timeout": 10,
            "read_timeout": 60,
            "max_pool_connections": 32,
        },
    },
}
"""fsspec options for everybody, by the protocol of the URL: how often, and how long, a store is asked again."""

WEB = {"http", "https"}


@dataclass(frozen=True)
class Access:
    """Leave to open what lies below a root.

    Attributes:
        root: URL, with no slash at its end.
        name: what users call the place.
        options: what fsspec is given; it may hold secrets, so nothing ever shows it.
    """

    root: str
    name: str
    options: Mapping[str, Any] = field(repr=False)


_granted: dict[str, Access] = {}
_lock = threading.Lock()


def grant(access: Access) -> None:
    """Have this process open everything below a root as told from now on."""
    with _lock:
        _granted[access.root] = access


def is_granted(root: str) -> bool:
    """Whether this process was told how to open this very root."""
    with _lock:
        return root in _granted


def access_to(url: str) -> Access | None:
    """What was granted for a URL: of several roots that it lies below, the longest."""
    with _lock:
        holding = [access for root, access in _granted.items() if lies_in(url, root)]
    return max(holding, key=lambda access: len(access.root), default=None)


def lies_in(url: str, root: str) -> bool:
    """Whether a URL is a root or lies below it."""
    return url == root or url.startswith(f"{root}/")


def options_for(url: str) -> dict[str, Any]:
    """What fsspec is given to open a URL."""
    protocol = url.partition("://")[0]
    options = dict(PATIENCE.get(protocol, {}))
    if protocol in WEB:
        from scoring.web import open_session  # with an HTTP client that other stores may not need

        options["get_client"] = open_session
    granted = access_to(url)
    for key, value in (granted.options if granted else {}).items():
        options[key] = {**options.get(key, {}), **value} if isinstance(value, Mapping) else value
    return options


def called(url: str) -> str:
    """A URL for a sentence: with the name of the datastore that it lies in, where one is known."""
    granted = access_to(url)
    return f"{url} (datastore {granted.name!r})" if granted else url
