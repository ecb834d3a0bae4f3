"""Batch scoring as a plain library: list files, cut mini-batches, run a script in its own process, account for all."""

from scoring.assemble import Summary
from scoring.errors import InitFailedError, InputError, OutputExistsError, ScoringError, ScriptError
from scoring.score import score
from scoring.settings import LoggingLevel, OutputAction, OutputFormat, RetrySettings, Settings

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
