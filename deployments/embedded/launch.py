"""Starting what does not run, waiting until it answers, and stopping it."""

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from http.client import OK
from typing import Literal

from filelock import FileLock, Timeout

from deployments.embedded import health, processes, state
from deployments.embedded.environment import client_environment, server_environment
from deployments.embedded.errors import ServerError
from deployments.embedded.home import Home, last_port
from deployments.embedded.state import State

USUAL_PORT = 4280
WORK_POOL = "batchpoint"
JOB_ENVIRONMENT = {"PREFECT_LOGGING_EXTRA_LOGGERS": "scoring", "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30"}
"""What a job's process is told besides: scripts' output belongs to its log, and it gives a sign of life every 30 s."""
PATIENCE = 180.0
"""Seconds that a start may take, on a machine that is busy with other things."""
RELEASE = 3.0
"""Seconds that the port of a dead server gets to become free."""
Part = Literal["server", "worker"] | None
TRIES = 3
"""Ports to try when another program takes the chosen one between our look and the server's start."""


def lock(home: Home, timeout: float = PATIENCE) -> FileLock:
    """Hold this while the server is started, checked or stopped; `with` waits for it up to `timeout` seconds."""
    return FileLock(home.lock, timeout=timeout)


def running(home: Home) -> State | None:
    """The state when server and worker run and answer, else None. Call with the lock held."""
    now = state.read(home)
    if now is None or not now.is_ready or not _both_alive(now):
        return None
    return now if health.is_healthy(now.api_url) else None


def ensure(home: Home, on_start: Callable[[], None] = lambda: None) -> tuple[State, Part]:
    """Start whatever of server and worker does not run, and wait until both are ready. Call with the lock held.

    A server that was started by a command which did not live to see it is waited for, not doubled.

    Args:
        home: where the server keeps its files.
        on_start: called once before anything is started or waited for.
    Returns: the state, and what was started: "server" (the worker goes with it), "worker" or None.
    Raises: ServerError when the server ends or does not answer within PATIENCE.
    """
    if now := running(home):
        return now, None
    on_start()
    deadline = time.monotonic() + PATIENCE
    for _ in range(TRIES):
        now, started = _start_missing(home)
        if _wait(home, now, deadline):
            now = replace(now, is_ready=True)
            state.write(home, now)
            return now, started
        stop(home)
    raise ServerError(
        f"the embedded Prefect server found its port taken {TRIES} times: other programs took it first; try again, "
        f"and see {home.log('server')}"
    )


def stop(home: Home) -> State | None:
    """End worker, flow runs and server, in this order: flow runs still report their end. Call with the lock held.

    Returns: what was recorded as running, or None when nothing was.
    """
    now = state.read(home)
    if now is None:
        return None
    if now.worker is not None:
        processes.stop([now.worker])
    processes.stop([now.server])
    state.forget(home)
    return now


def is_kept(home: Home) -> bool:
    """Whether a `batchpoint up` keeps the server."""
    try:
        with FileLock(home.kept, timeout=0):
            return False
    except Timeout:
        return True


def _both_alive(now: State) -> bool:
    return now.server.is_alive and now.worker is not None and now.worker.is_alive


def _start_missing(home: Home) -> tuple[State, Part]:
    """Start server and worker where they don't run. A worker outlives its server if the port stays the same."""
    now = state.read(home)
    started: Part = None
    if now is None or not now.server.is_alive:
        if now is not None:
            _await_release(now.port)
        port = health.free_port(*_preferred_ports(home))
        worker = now.worker if now is not None else None
        if now is not None and worker is not None and now.port != port:
            processes.stop([worker])
            worker = None
        now, started = State(port, processes.announced(), worker, python=sys.executable), "server"
        state.write(home, now)
        server = processes.start("server", now.server, home.path, server_environment(home, now), home.log("server"))
        now = replace(now, server=server)
        state.write(home, now)
    if now.worker is None or not now.worker.is_alive:
        worker = processes.announced()
        now, started = replace(now, worker=worker, is_ready=False), started or "worker"
        state.write(home, now)
        worker = processes.start("worker", worker, home.path, client_environment(home, now), home.log("worker"))
        now = replace(now, worker=worker)
        state.write(home, now)
    return now, started


def _await_release(port: int) -> None:
    """A killed server's threads may hold its port for a moment after the process is seen to be dead."""
    deadline = time.monotonic() + RELEASE
    while not health.is_free(port) and time.monotonic() < deadline:
        time.sleep(0.05)


def _preferred_ports(home: Home) -> list[int]:
    port = last_port(home)
    return [USUAL_PORT] if port is None else [port, USUAL_PORT]


def _wait(home: Home, now: State, deadline: float) -> bool:
    """Wait until the server answers and the worker has made its work pool; False when another program took the port."""
    while not _is_ready(now):
        if not now.server.is_alive:
            if not health.is_free(now.port):
                return False
            stop(home)
            raise _ended(home, "server")
        if now.worker is not None and not now.worker.is_alive:
            stop(home)
            raise _ended(home, "worker")
        if time.monotonic() > deadline:
            raise _silent(home, now)
        time.sleep(0.1)
    return now.server.is_alive


def _is_ready(now: State) -> bool:
    return serves(now) and health.status(now.api_url, f"/work_pools/{WORK_POOL}") == OK


def serves(now: State) -> bool:
    """Whether our server answers.

    Another home's may have taken the port while ours was still being imported, and answer in its place.
    """
    return health.is_healthy(now.api_url) and health.listens(now.server.process(), now.port)


def _ended(home: Home, role: str) -> ServerError:
    log = home.log(role)
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    tail = "".join(f"\n  {line}" for line in lines[-8:])
    return ServerError(
        f"the embedded Prefect {role} ended while it started; its log {log} ends with:{tail or ' nothing'}"
    )


def _silent(home: Home, now: State) -> ServerError:
    return ServerError(
        f"the embedded Prefect server at {now.url} has not answered for {PATIENCE:.0f} s; see {home.log('server')}, "
        "and stop it with `batchpoint down`"
    )
