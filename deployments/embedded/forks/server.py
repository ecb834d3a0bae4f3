"""The fork server: imports what a job needs, then forks a flow run for each launcher that asks.

Run as `python -m deployments.embedded.forks.server SOCKET`; ends when its stdin does, which the worker holds open,
and its flow runs have.
One thread and no event loop of others, because a fork copies only the thread that forks.
"""

import contextlib
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import sys
from pathlib import Path
from typing import NoReturn

PRELOADED = ("prefect.flow_engine", "prefect.task_engine", "flows.score", "distributed.deploy.local")
OURS = ("scoring", "blocks", "flows", "deployments")


class ForkServer:
    """Listens on a socket; keeps one connection for each flow run until it ends."""

    def __init__(self, path: str) -> None:
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._selector = selectors.DefaultSelector()
        self._runs: dict[int, socket.socket] = {}
        self._is_ending = False
        self._loaded = preload()
        woken, wake = os.pipe()
        os.set_blocking(woken, False)
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        # The worker decides when this ends; a SIGTERM to the whole group is meant for the flow runs.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self._woken = woken
        self._descriptors = (woken, wake)
        self._selector.register(woken, selectors.EVENT_READ)
        self._selector.register(0, selectors.EVENT_READ)
        self._listener.bind(path)
        self._listener.listen(64)
        self._selector.register(self._listener, selectors.EVENT_READ)

    def serve(self) -> None:
        """Fork until stdin ends, or until our own code on disk is no longer what was imported."""
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._listener:
                    self._accept()
                elif key.fd == self._woken:
                    with contextlib.suppress(BlockingIOError):
                        os.read(self._woken, 4096)
                elif key.fd == 0:
                    self._stop_forking()
                else:
                    self._launcher_gone(key.fd)
            self._reap()
            if not self._runs and (self._is_ending or self._loaded != modified()):
                return

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        connection.settimeout(5)
        try:
            asked, descriptors = receive(connection)
        except (OSError, ValueError):
            connection.close()
            return
        if self._loaded != modified():
            connection.sendall(b"{}\n")  # the launcher then starts a new Python, with the code as it is now
            connection.close()
        else:
            pid = os.fork()
            if pid == 0:
                self._become(asked, descriptors)
            connection.sendall(json.dumps({"pid": pid}).encode() + b"\n")
            self._runs[pid] = connection
            self._selector.register(connection, selectors.EVENT_READ)
        for descriptor in descriptors:
            os.close(descriptor)

    def _become(self, asked: dict[str, object], descriptors: list[int]) -> NoReturn:
        """In the fork: drop what is the fork server's, take what is the flow run's, and run it."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
                signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
            self._selector.close()
            self._listener.close()
            for connection in self._runs.values():
                connection.close()
            for descriptor in self._descriptors:
                os.close(descriptor)
            for target, descriptor in enumerate(descriptors):
                os.dup2(descriptor, target)
            for descriptor in descriptors:
                os.close(descriptor)
            code = run_flow(asked)
        finally:
            # Not sys.exit(): the frames above are the fork server's, and its cleanup is not ours to run.
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _launcher_gone(self, descriptor: int) -> None:
        """A launcher never says more than it asked: when its connection wakes us, it was killed, and so is its fork."""
        for pid, connection in self._runs.items():
            if connection.fileno() == descriptor:
                self._selector.unregister(connection)
                os.kill(pid, signal.SIGKILL)
                return

    def _reap(self) -> None:
        while self._runs:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            connection = self._runs.pop(pid)
            with contextlib.suppress(KeyError):
                self._selector.unregister(connection)
            with contextlib.suppress(BrokenPipeError):
                connection.sendall(json.dumps({"status": status}).encode() + b"\n")
            connection.close()

    def _stop_forking(self) -> None:
        """The worker is gone: fork nothing more, and stay for what was forked, which may well go on without it."""
        self._is_ending = True
        self._selector.unregister(0)
        self._selector.unregister(self._listener)
        self._listener.close()


def preload() -> float:
    """Import what flow runs need; when our own code was last modified then."""
    loaded = modified()
    for name in PRELOADED:
        importlib.import_module(name)
    return loaded


def modified() -> float:
    """When the newest file of our packages was written."""
    root = Path(__file__).parents[3]
    return max(path.stat().st_mtime for package in OURS for path in (root / package).rglob("*.py"))


def receive(connection: socket.socket) -> tuple[dict[str, object], list[int]]:
    """What a launcher asks, and the descriptors it passes. Raises: OSError, ValueError when it went away meanwhile."""
    head, descriptors, _, _ = socket.recv_fds(connection, 8, 3)
    length = int.from_bytes(head, "little")
    text = b""
    while len(text) < length:
        data = connection.recv(min(65536, length - len(text)))
        if not data:
            raise ValueError("the launcher went away")
        text += data
    return json.loads(text), descriptors


def run_flow(asked: dict[str, object]) -> int:
    """Run the flow run that the environment names, as `python -m prefect.engine` would; the exit code."""
    environment, folder = asked["environment"], asked["folder"]
    assert isinstance(environment, dict)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(str(folder))
    from prefect.context import refresh_global_settings_context
    from prefect.logging.configuration import setup_logging

    refresh_global_settings_context()
    setup_logging(incremental=False)  # the flow run's environment may name other levels and loggers than ours did
    sys.modules.pop("prefect.engine", None)
    sys.argv = ["prefect.engine"]
    try:
        runpy.run_module("prefect.engine", run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:  # noqa: BLE001 - what a new Python would print before it exits with 1
        sys.excepthook(*sys.exc_info())
        return 1
    return 0


if __name__ == "__main__":
    ForkServer(sys.argv[1]).serve()
