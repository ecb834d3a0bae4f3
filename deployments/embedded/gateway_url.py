"""Where this home's gateway takes jobs, for those who ask for an endpoint's scoring URI."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from deployments.embedded.home import Home


@contextmanager
def announced(place: Home, url: str) -> Iterator[None]:
    """Have `find` find a gateway of this process while a block lasts."""
    half = place.gateway.with_suffix(".half")
    half.write_text(json.dumps({"url": url, "pid": os.getpid()}))
    half.replace(place.gateway)
    try:
        yield
    finally:
        place.gateway.unlink(missing_ok=True)


def find(place: Home) -> str | None:
    """The URL of the gateway, if there is one; what a killed one left behind does not count."""
    try:
        kept = json.loads(place.gateway.read_text())
        return str(kept["url"]) if psutil.pid_exists(kept["pid"]) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
