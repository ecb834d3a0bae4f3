"""A stand-in for micromamba, which needs no network: it makes the environment that it is told to, and nothing in it."""

import os
import sys
from pathlib import Path

import pytest

PROGRAM = """\
#!/bin/sh
while [ "$1" != --prefix ]; do shift; done
mkdir -p "$2/bin"
echo "$$" >> "$CALLS"
sleep "$SECONDS_TAKEN"
ln -s "$MADE_OF" "$2/bin/python"
"""


def stand_in(folder: Path, patch: pytest.MonkeyPatch) -> Path:
    """Have it on PATH.

    Args:
        folder: that it lies in.
        patch: for the environment; SECONDS_TAKEN is how long it takes.
    Returns: the file that has a line for each call of it.
    """
    program = folder / "bin/micromamba"
    program.parent.mkdir()
    program.write_text(PROGRAM)
    program.chmod(0o755)
    patch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    patch.setenv("CALLS", str(folder / "calls"))
    patch.setenv("SECONDS_TAKEN", "0")
    patch.setenv("MADE_OF", sys.executable)
    return folder / "calls"
