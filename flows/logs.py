"""What a job's log says, and what it need not say."""

import logging
import threading
import time
from typing import Any

from prefect import get_run_logger
from prefect.events.worker import EventsWorker
from prefect.exceptions import FailedRun
from prefect.logging.handlers import APILogWorker
from prefect.logging.loggers import PrefectLogAdapter

from blocks.errors import BlockError
from flows.errors import JobRefusedError
from scoring.errors import JobStoppedError, ScoringError

OURS = (ScoringError, BlockError, JobRefusedError)
SENDERS = (APILogWorker, EventsWorker)
NEEDLESS = "Timeout of %s seconds configured for this task"
FAILED_STATE = "Finished in state Failed("
NO_END = "Finished in state Running("
"""Prefect's engine says so of a flow run that is canceled."""
VERDICT = "verdict"
"""Child of a flow run's logger that tells how it ended: who follows the job hears that from its state."""


def _is_needed(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith(NEEDLESS)


def _is_news(record: logging.LogRecord) -> bool:
    """Prefect's engine logs our final state, has it raise, and logs where that was, after the job has told it all."""
    is_raised = record.exc_info is not None and isinstance(record.exc_info[1], FailedRun)
    return not is_raised and not str(record.msg).startswith((FAILED_STATE, NO_END))


def _tell_ours_once(record: logging.LogRecord) -> bool:
    """Our errors are told where they come up: failed mini-batches one by one, and what ends a job by its state.

    Prefect tells each when a task run raises it, with where we did, and again as the task run's state. Of a chunk that
    was not scored because the job ends, one sentence is left, for the page of its task run.
    """
    error = _error_of(record)
    if isinstance(error, JobStoppedError):
        record.msg, record.args, record.exc_info = str(error), (), None
        record.levelno, record.levelname = logging.INFO, logging.getLevelName(logging.INFO)
        return True
    return not isinstance(error, OURS) and not str(record.msg).startswith(FAILED_STATE)


def _error_of(record: logging.LogRecord) -> object:
    """What a task run raised, in Prefect's line about that."""
    if record.exc_info is not None:
        return record.exc_info[1]
    told = record.args if isinstance(record.args, tuple) else ()
    return next((each for each in told if isinstance(each, Exception)), None)


def set_up_logs() -> None:
    """Pass on what `scoring` tells, scripts' output among it; leave out what nobody acts on.

    That is Dask's some 25 lines a job, and Prefect's word at each task run that its timeout cannot interrupt: that
    timeout is our outer guard alone, the deadline that holds is the kill of the scoring process (design.md).
    """
    # PREFECT_LOGGING_EXTRA_LOGGERS gives the logger a handler, but no level; the root's is WARNING.
    logging.getLogger("scoring").setLevel(logging.INFO)
    logging.getLogger("distributed").setLevel(logging.WARNING)
    wanted = {"prefect.task_runs": (_is_needed, _tell_ours_once), "prefect.flow_runs": (_is_news,)}
    for name, filters in wanted.items():
        for each in filters:
            logging.getLogger(name).addFilter(each)  # which adds none twice


def verdict_logger() -> PrefectLogAdapter:
    """The current flow run's, for how it ended."""
    logger = get_run_logger()
    assert isinstance(logger, PrefectLogAdapter)
    return logger.getChild(VERDICT)


def send_logs(seconds: float = 5.0) -> None:
    """Wait until the server has every line that was logged by now, and every event, at most so many seconds.

    Threads of Prefect's send them, every 2 s: whoever sees that a job has ended shall find its log complete. Not
    APILogHandler.flush(), which waits for all of Prefect's services: a job that is canceled while it waits for
    instances would wait the 5 s out for the one that asks for them. Where nothing was sent, no service is started.
    """
    until = time.monotonic() + seconds
    known: Any = APILogWorker  # one dict, and no public one, has the services of all classes
    services = [each for each in list(known._instances.values()) if isinstance(each, SENDERS)]
    waiting = [threading.Thread(target=each.drain, daemon=True) for each in services]
    for each in waiting:
        each.start()
    for each in waiting:
        each.join(max(0, until - time.monotonic()))
