"""A turning wheel on stderr while something takes seconds."""

import contextlib
import sys
from contextlib import AbstractContextManager


def busy(text: str) -> AbstractContextManager[object]:
    """Show that `text` goes on, on a terminal; nothing elsewhere."""
    if not sys.stderr.isatty():
        return contextlib.nullcontext()
    from rich.console import Console

    return Console(stderr=True).status(text)
