"""The command line: it translates, and decides nothing."""

from deployments.cli.entry import main

__all__ = ["main"]
