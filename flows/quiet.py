"""What a job's log need not say."""

import logging

NEEDLESS = "Timeout of %s seconds configured for this task"


def _is_needed(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith(NEEDLESS)


def quieten() -> None:
    """Leave out Dask's some 25 lines a job, and Prefect's word at each task run that its timeout cannot interrupt.

    That timeout is our outer guard alone: the deadline that holds is the kill of the scoring process (design.md).
    """
    logging.getLogger("distributed").setLevel(logging.WARNING)
    task_runs = logging.getLogger("prefect.task_runs")
    if _is_needed not in task_runs.filters:
        task_runs.addFilter(_is_needed)
