"""Advice where a call of run() came near to its timeout."""

from math import ceil

from scoring import spelling
from scoring.advice.advice import Advice, setting_flag
from scoring.advice.situation import Situation

NEAR = 0.7
"""Of the timeout: what calls that are a little slower would not make."""


def advise_deadline(job: Situation) -> Advice | None:
    """A longer timeout, where the slowest call took more than 70 % of it."""
    timeout = job.settings.retry_settings.timeout
    slowest = max(job.work.seconds, default=0.0)
    if slowest <= NEAR * timeout:
        return None
    took, ended = spelling.seconds(slowest), spelling.seconds(timeout)
    longer = ceil(2 * slowest / 10) * 10 if slowest > 5 else ceil(2 * slowest)
    return Advice(
        finding=f"The slowest call of run() took {took}; one that takes {ended} is ended.",
        change=f"Leave more time, timeout {longer} instead of {timeout:g} seconds, or fewer files per mini-batch",
        setting="retry_settings.timeout",
        flag=setting_flag("retry_settings.timeout", longer),
        gain=f"Saves no time, but a call that is a little slower is not ended, which would cost {ended} and a try.",
    )
