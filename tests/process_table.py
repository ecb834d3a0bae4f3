"""Looking at real processes, and waiting for facts about them."""

import os
import time
from collections.abc import Callable
from contextlib import suppress

import psutil

from deployments.embedded.home import Home


def wait_until(is_so: Callable[[], bool], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"not so after {seconds} s"
        time.sleep(0.05)


def processes_of(home: Home) -> list[psutil.Process]:
    """All live processes, but this one, that were told of this home."""
    found = []
    for process in psutil.process_iter():
        try:
            told = process.environ().get("BATCHPOINT_HOME") == str(home.path)
            if told and process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


def programs_of(home: Home) -> list[psutil.Process]:
    """Servers and workers among them."""
    return [process for process in processes_of(home) if "deployments.embedded.program" in command_of(process)]


def command_of(process: psutil.Process) -> list[str]:
    """Its program and arguments; nothing once it is gone."""
    with suppress(psutil.NoSuchProcess):
        return list(process.cmdline())
    return []


def nothing_left(home: Home) -> bool:
    """Whether none is left of them; what a killed worker leaves to end by itself gets some seconds for it."""
    wait_until(lambda: processes_of(home) == [], 60)
    return True


def is_live(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def listening(processes: list[psutil.Process]) -> set[str]:
    """The addresses that any of the processes listens on."""
    found = set()
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            open_now = process.net_connections("inet")
            found |= {connection.laddr.ip for connection in open_now if connection.status == psutil.CONN_LISTEN}
    return found
