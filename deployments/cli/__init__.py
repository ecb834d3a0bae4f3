"""The command line: it translates, and decides nothing."""

from deployments.cli.main import main

__all__ = ["main"]
