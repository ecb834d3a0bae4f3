"""What is written of a job that ends without an output: its tables, its logs, its span."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from scoring.errors import InitFailedError, ScoringError, SupersededError
from scoring.job import Job
from scoring.overview import write_logs
from scoring.stages import Stages
from scoring.tables import write_tables
from scoring.telemetry import tell_of_job

log = logging.getLogger(__name__)


@contextmanager
def records_at_any_end(job: Job, stages: Stages) -> Iterator[None]:
    """Write the job's tables and logs also where an exception ends it before it has an output, as a cancellation."""
    try:
        yield
    except SupersededError:
        raise
    except BaseException as end:
        said = str(end) if isinstance(end, ScoringError) else f"{type(end).__name__}: {end}"
        traceback = end.fault.traceback if isinstance(end, InitFailedError) else ""
        try:
            write_tables(job)
            write_logs(job, stages, said, traceback)
            tell_of_job(job, stages, said, is_good=False)
        except (ScoringError, OSError) as error:
            log.warning("The job's tables and logs are not all written: %s", error, extra={"action": "write_records"})
        raise
