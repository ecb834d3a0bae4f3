"""Whether a fork would be what a new Python is: same interpreter, same code, same environment where imports read it.

Little is imported here: `batchpoint` asks before it imports anything else.
"""

import json
import os
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
OURS = ("scoring", "blocks", "flows", "deployments")
READ_BY_IMPORTS = ("PYTHON", "LC_", "LANG", "FSSPEC_", "DASK_")


def modified() -> float:
    """When the newest file of our packages was written, in seconds since 1970."""
    return max(path.stat().st_mtime for package in OURS for path in (ROOT / package).rglob("*.py"))


def identity() -> dict[str, object]:
    """What must be alike in this process and in a fork server whose fork is to take its place."""
    return {
        "python": [sys.prefix, sys.version],
        "user": [os.geteuid(), os.getegid()],
        "code": str(ROOT),
        "environment": {name: value for name, value in os.environ.items() if name.startswith(READ_BY_IMPORTS)},
    }


def publish(file: Path, socket: Path) -> None:
    """Write down, for this user only, where a fork server listens and what it is.

    Not the socket itself lies in the home: the path of one has at most 107 bytes.
    """
    half = file.with_suffix(".half")
    half.write_text(json.dumps({"socket": str(socket), "identity": identity()}))
    half.chmod(0o600)
    half.replace(file)


def find(file: Path) -> str | None:
    """The socket of the fork server that was written down, if its forks are what this process is."""
    try:
        kept = json.loads(file.read_text())
        return str(kept["socket"]) if kept["identity"] == identity() else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
