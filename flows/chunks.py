"""What a score_minibatch task run does, in a module of its own so that it is imported and not copied into each run."""

import random

from prefect import Task
from prefect.client.schemas.objects import State, TaskRun
from prefect.context import TaskRunContext

from flows.desk import desk_of
from scoring.chunk import Report, score_chunk
from scoring.errors import InitFailedError, JobStoppedError
from scoring.planning import Chunk
from scoring.settings import RetrySettings


def attempt(folder: str, chunk: Chunk) -> Report:
    """One attempt at a chunk of the job in a folder; which one, Prefect's run count says."""
    desk = desk_of(folder)
    context = TaskRunContext.get()
    assert context is not None, "score_minibatch runs as a Prefect task"
    with desk.attempt():
        return score_chunk(desk.job, chunk, desk.fleet, attempt=context.task_run.run_count, tell=desk.news.put)


def can_heal(_task: "Task[..., object]", _run: TaskRun, state: "State[object]") -> bool:
    """Whether another attempt could come out otherwise: not when the script cannot start or the job is ending."""
    error = state.result(raise_on_failure=False)
    return not isinstance(error, (InitFailedError, JobStoppedError))


def retry_delays(retry: RetrySettings) -> list[float]:
    """Seconds before each retry, jitter on top included."""
    return [retry.delay * (1 + retry.jitter * random.random()) for _ in range(retry.max_retries)]  # noqa: S311


def guard_seconds(chunk: Chunk, init_timeout: float, timeout: float) -> float:
    """Prefect's timeout of a task run, an outer guard: it fires only when our own deadline failed."""
    return 1.5 * (init_timeout + len(chunk) * timeout) + 60
