"""Flow runs that no worker minds any more: their worker was killed, or the machine went down."""

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
from prefect.states import Cancelled, Crashed, Scheduled

from deployments.embedded import processes
from deployments.embedded.launch import WORK_POOL

logger = logging.getLogger(__name__)

STARTED = [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]
PATIENCE = 15.0
"""Seconds without a process after which a flow run's state is put right; a worker needs some to start one."""

TERM_SECONDS = 5.0
"""Seconds between SIGTERM, which lets a flow run end its own children, and SIGKILL to it and to them."""


class Strays:
    """Puts right the state of flow runs whose process is gone, and ends those that go on while they are cancelled."""

    def __init__(self) -> None:
        self._missed: dict[UUID, float] = {}

    async def look(self) -> None:
        """Look once at all flow runs that are said to be under way."""
        async with get_client() as client:
            runs = await client.read_flow_runs(
                flow_run_filter=FlowRunFilter(
                    state=FlowRunFilterState(type=FlowRunFilterStateType(any_=STARTED)),
                ),
                work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[WORK_POOL])),
            )
            ours = _flow_runs_of(psutil.Process().children())
            strays = [run for run in runs if str(run.id) not in ours]
            self._missed = {run.id: self._missed.get(run.id, time.monotonic()) for run in strays}
            for run in strays:
                await self._settle(client, run)

    async def _settle(self, client: PrefectClient, run: FlowRun) -> None:
        process = _process_of(run)
        is_cancelling = run.state is not None and run.state.is_cancelling()
        if process is not None and is_cancelling:
            await anyio.to_thread.run_sync(processes.end, [process], TERM_SECONDS)
        elif process is not None:
            self._missed[run.id] = time.monotonic()
        elif time.monotonic() - self._missed[run.id] > PATIENCE:
            logger.warning("flow run %s has no process any more", run.id)
            await client.set_flow_run_state(run.id, _state_after(run), force=True)


def _state_after(run: FlowRun) -> State[object]:
    """What a flow run without a process is: cancelled if that was asked for, still to do if it never started."""
    if run.state is not None and run.state.is_cancelling():
        return Cancelled(message="The job's process was gone already.")
    if run.state is not None and run.state.is_pending():
        return Scheduled(message="The worker ended before the job started; it is started again.")
    return Crashed(message="The job's process is gone: its worker or the machine was stopped while it ran.")


def _process_of(run: FlowRun) -> psutil.Process | None:
    """The process that an earlier worker started for the run, if it still goes on."""
    try:
        process = psutil.Process(int(run.infrastructure_pid or ""))
    except (ValueError, psutil.Error):
        return None
    return process if str(run.id) in _flow_runs_of([process]) else None


def _flow_runs_of(candidates: list[psutil.Process]) -> set[str]:
    found = set()
    for process in candidates:
        try:
            found.add(process.environ().get("PREFECT__FLOW_RUN_ID", ""))
        except psutil.Error:  # it ended, or belongs to somebody else
            continue
    return found
