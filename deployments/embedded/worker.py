"""What runs the embedded server's jobs: a Prefect process worker, and the watch that ends both when idle."""

import logging
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from functools import partial

import anyio
import httpx
from anyio import CancelScope
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.utilities.processutils import command_to_string
from prefect.workers.process import ProcessWorker

from deployments.embedded import state
from deployments.embedded.bell import Bell
from deployments.embedded.forks.holder import ForkServerHolder
from deployments.embedded.frugal_worker import FrugalWorker
from deployments.embedded.home import Home, home
from deployments.embedded.idle import IdleWatch
from deployments.embedded.launch import PATIENCE, WORK_POOL, serves
from deployments.embedded.strays import Strays

logger = logging.getLogger(__name__)

POLL_SECONDS = 1.0
FULL_SECONDS = 0.2
"""While all places are taken it looks so often, without asking anybody, whether one is free."""
HEARTBEAT_SECONDS = 30.0
STRAY_SECONDS = 2.0
LOST_SECONDS = 60.0
"""A worker without flow runs ends when the server has been away this long."""
FLOW_GRACE = 6.0
"""Seconds that flow runs get to end on SIGTERM; less than `processes.GRACE`, which ends the worker itself."""


def run() -> None:
    """Work until SIGTERM or SIGINT, until nobody came for long, or until the server is gone for good."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    anyio.run(_work, Home(home()), _job_limit())


def _job_limit() -> int:
    """How many jobs run at once: BATCHPOINT_JOBS, else one per core."""
    told = os.environ.get("BATCHPOINT_JOBS")
    if not told:
        return os.cpu_count() or 1
    if not told.isdecimal() or int(told) < 1:
        sys.exit(f"BATCHPOINT_JOBS={told!r} is not a number of jobs; give a whole number from 1 up, or unset it")
    return int(told)


async def _work(place: Home, limit: int) -> None:
    await _await_server(place)
    with ForkServerHolder(place.forks) as forks:
        await _make_work_pool(forks)
        await _work_until_the_end(place, limit, forks)


async def _work_until_the_end(place: Home, limit: int, forks: ForkServerHolder) -> None:
    idle, strays, bell = IdleWatch(place), Strays(), Bell(place.bell)
    while True:
        worker = FrugalWorker(work_pool_name=WORK_POOL, name="embedded", limit=limit)
        async with worker:
            async with anyio.create_task_group() as loops:
                end = loops.cancel_scope
                loops.start_soon(_end_on_signal, end)
                loops.start_soon(_repeat, worker.poll, partial(_rest, worker, bell), end, forks)
                loops.start_soon(_repeat, worker.sync_with_backend, partial(anyio.sleep, HEARTBEAT_SECONDS), end, forks)
                loops.start_soon(_repeat, strays.look, partial(anyio.sleep, STRAY_SECONDS), end, forks)
                loops.start_soon(_repeat, forks.ensure, partial(anyio.sleep, STRAY_SECONDS), end, forks)
                loops.start_soon(_repeat, _catch_up, partial(anyio.sleep, 0), end, forks)
                loops.start_soon(idle.run, end)
            await _end_flow_runs(forks)
        if not idle.is_over or await anyio.to_thread.run_sync(idle.stop_server):
            return
        logger.warning("somebody came just before the idle server was stopped; working on")


async def _rest(worker: FrugalWorker, bell: Bell) -> None:
    """Until there may be something to take up."""
    if worker.is_full:
        await anyio.sleep(FULL_SECONDS)
    else:
        await bell.wait(POLL_SECONDS)


async def _catch_up() -> None:
    """Once a minute send what was not sent of jobs that have ended, as when the server was killed just then."""
    from deployments.service import outgoing  # stands on this package

    await anyio.sleep(outgoing.LOOK_SECONDS)
    await anyio.to_thread.run_sync(outgoing.catch_up_now)


async def _await_server(place: Home) -> None:
    """Prefect is imported while the server starts; go on as soon as it answers."""
    deadline = time.monotonic() + PATIENCE
    while not await anyio.to_thread.run_sync(_is_there, place):
        if time.monotonic() > deadline:
            sys.exit(f"the server at {os.environ['PREFECT_API_URL']} has not answered for {PATIENCE:.0f} s")
        await anyio.sleep(0.1)


def _is_there(place: Home) -> bool:
    now = state.read(place)
    return now is not None and serves(now)


async def _make_work_pool(forks: ForkServerHolder) -> None:
    """Make the work pool, or bring it up to date: flow runs are forked from a process that has imported everything."""
    template = ProcessWorker.get_default_base_job_template()
    template["variables"]["properties"]["command"]["default"] = command_to_string(forks.command)
    pool = WorkPoolCreate(
        name=WORK_POOL,
        type="process",
        description="Runs the jobs of Batchpoint's endpoints on this machine.",
        base_job_template=template,
    )
    async with get_client() as client:
        await client.create_work_pool(pool, overwrite=True)


async def _end_on_signal(end: CancelScope) -> None:
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for _ in signals:
            end.cancel()
            return


async def _repeat(
    work: Callable[[], Awaitable[object]],
    pause: Callable[[], Awaitable[None]],
    end: CancelScope,
    forks: ForkServerHolder,
) -> None:
    """Do `work` again and again, through a server that is restarted; end when it stays away and nothing runs.

    Prefect's worker raises more than HTTP errors from a poll: a RuntimeError, say, when a job that has just ended is to
    be retried while its first process is still being put away. The next poll finds that settled, and other jobs must
    not die of it.
    """
    reached = time.monotonic()
    while True:
        try:
            await work()
            reached = time.monotonic()
        except httpx.HTTPError as error:
            logger.warning("the server did not answer: %s: %s", type(error).__name__, error)
        except Exception:  # see above; the log has all of it
            logger.exception("%s failed and is done again", getattr(work, "__name__", work))
        if time.monotonic() - reached > LOST_SECONDS and not forks.launchers():
            end.cancel()
        await pause()


async def _end_flow_runs(forks: ForkServerHolder) -> None:
    """Let flow runs end on SIGTERM, which they report, and end those that don't; the worker then reports theirs."""
    flow_runs = [each for launcher in forks.launchers() for each in [launcher, *launcher.children(recursive=True)]]
    for process in forks.launchers():
        process.terminate()
    with anyio.move_on_after(FLOW_GRACE):
        while any(process.is_running() for process in forks.launchers()):
            await anyio.sleep(0.05)
    for process in flow_runs:
        if process.is_running():
            process.kill()
