"""What a job's log says, and what it need not say."""

import logging

from prefect.exceptions import FailedRun
from prefect.logging.handlers import APILogHandler

from blocks.errors import BlockError
from flows.errors import JobRefusedError
from scoring.errors import ScoringError

OURS = (ScoringError, BlockError, JobRefusedError)
NEEDLESS = "Timeout of %s seconds configured for this task"


def _is_needed(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith(NEEDLESS)


def _is_news(record: logging.LogRecord) -> bool:
    """Prefect's engine has our final state raise, and logs where it was raised, after the state has told it all."""
    return record.exc_info is None or not isinstance(record.exc_info[1], FailedRun)


def _tell_ours_without_traceback(record: logging.LogRecord) -> bool:
    """Our errors are sentences that name the line of the user's script; where we raised them helps nobody."""
    if record.exc_info is not None and isinstance(record.exc_info[1], OURS):
        record.exc_info = None
    return True


def set_up_logs() -> None:
    """Pass on what `scoring` tells, scripts' output among it; leave out what nobody acts on.

    That is Dask's some 25 lines a job, and Prefect's word at each task run that its timeout cannot interrupt: that
    timeout is our outer guard alone, the deadline that holds is the kill of the scoring process (design.md).
    """
    # PREFECT_LOGGING_EXTRA_LOGGERS gives the logger a handler, but no level; the root's is WARNING.
    logging.getLogger("scoring").setLevel(logging.INFO)
    logging.getLogger("distributed").setLevel(logging.WARNING)
    wanted = {"prefect.task_runs": (_is_needed, _tell_ours_without_traceback), "prefect.flow_runs": (_is_news,)}
    for name, filters in wanted.items():
        for each in filters:
            logging.getLogger(name).addFilter(each)  # which adds none twice


def send_logs() -> None:
    """Wait up to 5 s until the server has every line that was logged by now.

    They are sent by a thread of Prefect's, every 2 s: whoever sees that a job has ended shall find its log complete.
    """
    APILogHandler().flush()
