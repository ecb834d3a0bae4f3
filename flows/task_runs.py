"""What a Dask worker does for a task run, without doing again what all task runs of a flow run have in common.

A module of its own, imported on Dask workers: cloudpickle would otherwise copy the cache below into every task.
"""

import contextvars
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any, cast
from uuid import UUID

from prefect import Task
from prefect.client.schemas.objects import RunInput, State
from prefect.context import SyncClientContext, hydrated_context
from prefect.task_engine import run_task_sync

KEPT = 4  # flow runs whose context a Dask worker keeps, on a cluster that serves several


@dataclass(frozen=True)
class Surroundings:
    """What all task runs of a flow run have around them: sent to each Dask worker once."""

    key: str
    context: dict[str, Any]


class _Entered:
    """A context in which the flow run's own contexts and one API client are open.

    It belongs to one thread: Prefect counts how often the client's context is entered, and that count has no lock.
    """

    def __init__(self, around: Surroundings) -> None:
        self.context = contextvars.Context()
        opened = self.context.run(_open, around)
        # What was opened in a context must be closed in it, also when the thread that kept it just ends.
        self.close = weakref.finalize(self, self.context.run, opened.close)


def _open(around: Surroundings) -> ExitStack:
    stack = ExitStack()
    client = stack.enter_context(SyncClientContext.get_or_create())
    stack.enter_context(hydrated_context(around.context, client=client.client))
    return stack


class _Kept(threading.local):
    def __init__(self) -> None:
        self.entered: OrderedDict[str, _Entered] = OrderedDict()

    def of(self, around: Surroundings) -> _Entered:
        if around.key not in self.entered:
            while len(self.entered) >= KEPT:
                self.entered.popitem(last=False)[1].close()
            self.entered[around.key] = _Entered(around)
        self.entered.move_to_end(around.key)
        return self.entered[around.key]


_kept = _Kept()


def run(
    around: Surroundings,
    task: "Task[..., Any]",
    task_run_id: UUID,
    parameters: dict[str, Any],
    wait_for: Any,
    dependencies: dict[str, set[RunInput]],
) -> "State[Any]":
    """One task run, in a copy of the flow run's context; its final state, as DaskTaskRunner's own task runs return."""
    work = partial(
        run_task_sync,
        task=task,
        task_run_id=task_run_id,
        parameters=parameters,
        wait_for=wait_for,
        return_type="state",
        dependencies=dependencies,
    )
    return _kept.of(around).context.copy().run(cast("Callable[[], State[Any]]", work))
