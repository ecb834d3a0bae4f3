"""Batch scoring as a plain library: list files, cut mini-batches, run a script in its own process, account for all."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scoring.errors import InitFailedError, InputError, OutputExistsError, ScoringError, ScriptError
    from scoring.one_call import score
    from scoring.settings import LoggingLevel, OutputAction, OutputFormat, RetrySettings, Settings
    from scoring.summary import Summary

__all__ = [
    "InitFailedError",
    "InputError",
    "LoggingLevel",
    "OutputAction",
    "OutputExistsError",
    "OutputFormat",
    "RetrySettings",
    "ScoringError",
    "ScriptError",
    "Settings",
    "Summary",
    "score",
]

FROM = {"Summary": "summary", "score": "one_call"} | {name: "errors" for name in __all__ if name.endswith("Error")}


def __getattr__(name: str) -> object:
    """Import what is asked for only now: every command imports this package, and few of them score."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"scoring.{FROM.get(name, 'settings')}"), name)
