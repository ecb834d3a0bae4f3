"""What a job's log says, and what it need not say."""

import logging

NEEDLESS = "Timeout of %s seconds configured for this task"


def _is_needed(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith(NEEDLESS)


def set_up_logs() -> None:
    """Pass on what `scoring` tells, scripts' output among it; leave out what nobody acts on.

    That is Dask's some 25 lines a job, and Prefect's word at each task run that its timeout cannot interrupt: that
    timeout is our outer guard alone, the deadline that holds is the kill of the scoring process (design.md).
    """
    # PREFECT_LOGGING_EXTRA_LOGGERS gives the logger a handler, but no level; the root's is WARNING.
    logging.getLogger("scoring").setLevel(logging.INFO)
    logging.getLogger("distributed").setLevel(logging.WARNING)
    task_runs = logging.getLogger("prefect.task_runs")
    if _is_needed not in task_runs.filters:
        task_runs.addFilter(_is_needed)
