"""What a score_minibatch task run does, in a module of its own so that it is imported and not copied into each run."""

from prefect import Task
from prefect.client.schemas.objects import State, TaskRun
from prefect.context import TaskRunContext

from flows.stations import station_of
from scoring.chunk import Report, score_chunk
from scoring.errors import JobStoppedError, MiniBatchesFailedError, ScriptError, SupersededError
from scoring.isolation import most_calls
from scoring.planning import Chunk
from scoring.settings import Settings

LONGEST_GUARD = 1e8  # seconds, three years: what a thread can wait for is bounded


def attempt(folder: str, chunk: Chunk) -> Report:
    """One attempt at a chunk of the job in a folder; which one, Prefect's run count says."""
    station = station_of(folder)
    context = TaskRunContext.get()
    assert context is not None, "score_minibatch runs as a Prefect task"
    number = context.task_run.run_count
    if number > 1:
        # Not Prefect's retry_delay_seconds: that sleeps in the Dask worker's thread, which Dask then waits for, and a
        # cancel that came meanwhile took 30 s (measured). This wait ends as soon as the job does.
        station.fleet.wait(station.job.manifest.settings.retry_settings.pause())
    station.open_datastores()
    with station.attempt():
        return score_chunk(station.job, chunk, station.fleet, attempt=number, tell=station.tell)


def can_heal(_task: "Task[..., object]", _run: TaskRun, state: "State[object]") -> bool:
    """Whether another attempt could come out otherwise.

    Not when the script cannot be used, when others decided, or when all that failed was given up (retry_on).
    """
    error = state.result(raise_on_failure=False)
    if isinstance(error, MiniBatchesFailedError):
        return not error.is_final
    return not isinstance(error, (ScriptError, JobStoppedError, SupersededError))


def guard_seconds(chunk: Chunk, settings: Settings) -> float:
    """Prefect's timeout of an attempt, an outer guard: it fires only when our own deadline failed."""
    retry = settings.retry_settings
    longest_pause = retry.delay * (1 + retry.jitter)
    calls = 1 + most_calls(settings.mini_batch_size) if settings.isolate_failures else 1
    working = settings.init_timeout + len(chunk) * calls * retry.timeout
    return min(longest_pause + 1.5 * working + 60, LONGEST_GUARD)
