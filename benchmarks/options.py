"""Options that the commands of the benchmark have in common."""

import argparse
from pathlib import Path

from rich.console import Console

from benchmarks.work import REPOSITORY

BUILD = REPOSITORY / "build" / "bench"


def add_folders(parser: argparse.ArgumentParser) -> None:
    """Where inputs, logs and the server's home are kept, and where results go."""
    parser.add_argument("--workspace", type=Path, default=BUILD / "work", help="for files in between (%(default)s)")
    parser.add_argument("--results", type=Path, default=BUILD / "results", help="for JSON and pictures (%(default)s)")


def wide_console() -> Console:
    """A console that does not break tables where nobody looks at them through a terminal."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=200)
