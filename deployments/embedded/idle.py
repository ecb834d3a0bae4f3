"""Who still needs the embedded server; when nobody has for long, it ends."""

import os
import sys
import time

import anyio
import psutil
from anyio import CancelScope
from filelock import Timeout
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateType
from prefect.client.schemas.objects import TERMINAL_STATES, StateType

from deployments.embedded import launch, processes, state
from deployments.embedded.flow_runs import own_flow_runs
from deployments.embedded.home import Home

HOUR = 3600.0


def idle_limit() -> float:
    """Seconds after which an unused server ends: BATCHPOINT_IDLE_SECONDS, else an hour."""
    told = os.environ.get("BATCHPOINT_IDLE_SECONDS") or str(HOUR)
    try:
        limit = float(told)
    except ValueError:
        limit = 0.0
    if not 0 < limit < float("inf"):
        sys.exit(f"BATCHPOINT_IDLE_SECONDS={told!r} is not a time; give seconds above 0, or unset it")
    return limit


class IdleWatch:
    """Notices who uses the server: commands, connections (a browser, another client), flow runs, jobs, schedules."""

    def __init__(self, place: Home) -> None:
        self._home = place
        self._limit = idle_limit()
        self._seen = time.time()
        self.is_over = False

    async def run(self, end: CancelScope) -> None:
        """Cancel `end` once nobody has used the server for the limit, and nothing waits for it."""
        while not self.is_over:
            await anyio.sleep(min(2.0, self._limit / 5))
            if own_flow_runs() or self._has_visitors():
                self._seen = time.time()
            if self._is_unused() and not await _has_work():
                self.is_over = True
        end.cancel()

    def stop_server(self) -> bool:
        """End the server unless somebody came meanwhile, who then finds it as it was."""
        self.is_over = False
        try:
            with launch.lock(self._home, timeout=0):
                now = state.read(self._home)
                if now is None:
                    return True
                if not self._is_unused() or self._has_visitors():
                    return False
                processes.stop([now.server])
                state.forget(self._home)
                return True
        except Timeout:
            return False

    def _is_unused(self) -> bool:
        try:
            commanded = self._home.used.stat().st_mtime
        except FileNotFoundError:
            commanded = 0.0
        return time.time() - max(self._seen, commanded) > self._limit and not launch.is_kept(self._home)

    def _has_visitors(self) -> bool:
        """Whether a process other than this one has a connection to the server."""
        now = state.read(self._home)
        server = now.server.process() if now is not None else None
        if now is None or server is None:
            return False
        try:
            ours = _own_ports()
            theirs = server.net_connections("tcp")
            ours |= _own_ports()  # a connection of ours that came or went meanwhile is no visitor
        except psutil.Error:
            return False
        established = [c for c in theirs if c.status == psutil.CONN_ESTABLISHED and c.laddr.port == now.port]
        return any(c.raddr.port not in ours for c in established)


def _own_ports() -> set[int]:
    return {connection.laddr.port for connection in psutil.Process().net_connections("tcp")}


async def _has_work() -> bool:
    """Whether a job runs or waits, or an active schedule will start one."""
    unfinished = [kind for kind in StateType if kind not in TERMINAL_STATES]
    state_filter = FlowRunFilterState(type=FlowRunFilterStateType(any_=unfinished))
    async with get_client() as client:
        if await client.read_flow_runs(flow_run_filter=FlowRunFilter(state=state_filter), limit=1):
            return True
        offset, page = 0, 200
        while found := await client.read_deployments(limit=page, offset=offset):
            if any(schedule.active for one in found if not one.paused for schedule in one.schedules):
                return True
            offset += page
    return False
