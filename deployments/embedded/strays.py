"""Flow runs that no worker minds any more: their worker was killed, or the machine went down."""

import contextlib
import logging
import time
from uuid import UUID

import anyio
import psutil
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelled, Crashed, Scheduled

from deployments.embedded import processes
from deployments.embedded.flow_runs import by_flow_run, own_flow_runs
from deployments.embedded.launch import WORK_POOL

logger = logging.getLogger(__name__)

CANCELED = "The job was canceled."
STARTED = [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]
PATIENCE = 15.0
"""Seconds without a process after which a flow run's state is put right; a worker needs some to start one."""
CANCEL_PATIENCE = 5.0
"""The same for a flow run that is being cancelled: Prefect's worker looks every 3 s whether it has ended, and each word
that it was canceled is told to others."""
SELDOM_SECONDS = 10.0
TERM_SECONDS = 5.0
"""Seconds between SIGTERM, which lets a flow run end its own children, and SIGKILL to it and to them."""


class Strays:
    """Puts right the state of flow runs whose process is gone, and ends those that Prefect's worker fails to cancel."""

    def __init__(self) -> None:
        self._missed: dict[UUID, float] = {}
        self._next_look = 0.0

    async def look(self) -> None:
        """Look once at all flow runs that are said to be under way; seldom where there were none."""
        if time.monotonic() < self._next_look and not own_flow_runs():
            return
        async with get_client() as client:
            runs = await client.read_flow_runs(
                flow_run_filter=FlowRunFilter(
                    state=FlowRunFilterState(type=FlowRunFilterStateType(any_=STARTED)),
                ),
                work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[WORK_POOL])),
            )
            self._next_look = 0.0 if runs else time.monotonic() + SELDOM_SECONDS
            ours = own_flow_runs()
            missed = [run.id for run in runs if str(run.id) not in ours]
            self._missed = {key: self._missed.get(key, time.monotonic()) for key in missed}
            for run in runs:
                if _is_cancelling(run) and run.start_time is None:
                    await _cancel_unstarted(client, run, ours.get(str(run.id)))
                elif run.id in self._missed:
                    await self._settle(client, run)
            for name in ours.keys() - {str(run.id) for run in runs}:
                await _end_pointless(client, name, ours[name])

    async def _settle(self, client: PrefectClient, run: FlowRun) -> None:
        process = _process_of(run)
        if process is not None and _is_cancelling(run):
            await anyio.to_thread.run_sync(processes.end, [process], TERM_SECONDS)
        elif process is not None:
            self._missed[run.id] = time.monotonic()
        elif time.monotonic() - self._missed[run.id] > (CANCEL_PATIENCE if _is_cancelling(run) else PATIENCE):
            logger.warning("flow run %s has no process any more", run.id)
            await client.set_flow_run_state(run.id, _state_after(run), force=True)


async def _cancel_unstarted(client: PrefectClient, run: FlowRun, process: psutil.Process | None) -> None:
    """Cancel a flow run that has not begun.

    Prefect's worker misses the request when it comes after it took the run and before it minds the run's process, for a
    second or more. Once the run is Cancelled nothing that its process says changes that.
    """
    await client.set_flow_run_state(run.id, Cancelled(message=CANCELED), force=True)
    if process is not None:
        _kill(process)


async def _end_pointless(client: PrefectClient, flow_run: str, process: psutil.Process) -> None:
    """End the process of a flow run that was cancelled before it began: finding that out by itself takes it seconds."""
    with contextlib.suppress(ObjectNotFound):
        run = await client.read_flow_run(UUID(flow_run))
        if run.start_time is None and run.state is not None and run.state.is_cancelled():
            _kill(process)


def _kill(process: psutil.Process) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.kill()


def _state_after(run: FlowRun) -> State[object]:
    """What a flow run without a process is: cancelled if that was asked for, still to do if it never started."""
    if _is_cancelling(run):
        return Cancelled(message=CANCELED)
    if run.state is not None and run.state.is_pending():
        return Scheduled(message="The worker ended before the job started; it is started again.")
    return Crashed(message="The job's process is gone: its worker or the machine was stopped while it ran.")


def _is_cancelling(run: FlowRun) -> bool:
    return run.state is not None and run.state.is_cancelling()


def _process_of(run: FlowRun) -> psutil.Process | None:
    """The process that an earlier worker started for the run, if it still goes on."""
    try:
        process = psutil.Process(int(run.infrastructure_pid or ""))
    except (ValueError, psutil.Error):
        return None
    return by_flow_run([process]).get(str(run.id))
