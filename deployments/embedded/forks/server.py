"""A fork server: a process that has imported everything, and forks itself for each client that asks.

One thread and no event loop of others, because a fork copies only the thread that forks.
"""

import contextlib
import json
import os
import selectors
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from deployments.embedded.forks.identity import modified

LOOK_SECONDS = 2.0
"""How often a fork server without forks looks whether the code on disk has changed; a look takes 3 ms."""

Program = Callable[[dict[str, object]], int]


@dataclass
class Asking:
    """A client that has connected, and what came from it by now."""

    connection: socket.socket
    data: bytes = b""
    descriptors: list[int] = field(default_factory=list)

    def receive(self) -> dict[str, object] | None:
        """Take in what has come; the whole of what is asked, or None while more is to come.

        Raises: OSError, ValueError when the client went away.
        """
        data, descriptors, _, _ = socket.recv_fds(self.connection, 1 << 16, 4)
        if not data:
            raise ValueError("the client went away")
        self.data += data
        self.descriptors += descriptors
        end = 8 + int.from_bytes(self.data[:8], "little")
        if len(self.data) < max(end, 9):
            return None
        asked: dict[str, object] = json.loads(self.data[8:end])
        return asked

    def close_descriptors(self) -> None:
        """Close this process's copies of what the client passed."""
        for descriptor in self.descriptors:
            os.close(descriptor)


class ForkServer:
    """Listens on a socket; keeps one connection for each fork until it ends."""

    def __init__(self, path: Path, program: Program, loaded: float) -> None:
        """Listen, but fork nothing yet.

        Args:
            path: of the socket, at most 107 bytes; in a folder that only this user can open.
            program: run in each fork with what was asked; the fork's exit code.
            loaded: when our code was last modified as it was imported.
        """
        self._program = program
        self._loaded = loaded
        self._selector = selectors.DefaultSelector()
        self._asking: dict[int, Asking] = {}
        self._forks: dict[int, socket.socket] = {}
        self._is_ending = False
        self._wake_on_child()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        path.unlink(missing_ok=True)
        self._listener.bind(str(path))
        self._listener.listen(64)
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)
        self._selector.register(0, selectors.EVENT_READ, self._stop_forking)

    def _wake_on_child(self) -> None:
        woken, wake = os.pipe()
        os.set_blocking(woken, False)
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        # The worker decides when this ends; a SIGTERM to the whole group is meant for the forks.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self._wakers = (woken, wake)
        self._selector.register(woken, selectors.EVENT_READ, self._woken)

    def serve(self) -> None:
        """Fork until stdin ends, or until our own code on disk is no longer what was imported."""
        while True:
            for key, _ in self._selector.select(LOOK_SECONDS):
                key.data(key.fd)
            self._reap()
            if not self._forks and (self._is_ending or self._loaded != modified()):
                return

    def _woken(self, descriptor: int) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(descriptor, 4096)

    def _accept(self, _descriptor: int) -> None:
        if self._is_ending:  # since this very look: the listener is closed
            return
        connection, _ = self._listener.accept()
        connection.setblocking(False)
        self._asking[connection.fileno()] = Asking(connection)
        self._selector.register(connection, selectors.EVENT_READ, self._hear)

    def _hear(self, descriptor: int) -> None:
        """Fork once a client has said all; one that is slow to say it holds up nobody."""
        asking = self._asking[descriptor]
        try:
            asked = asking.receive()
            pid = self._fork(asking, asked) if asked is not None else None
        except (OSError, ValueError):
            pid = 0
        if pid is None:
            return
        del self._asking[descriptor]
        asking.close_descriptors()
        if pid:
            self._forks[pid] = asking.connection
            self._selector.modify(descriptor, selectors.EVENT_READ, self._client_gone)
        else:
            self._selector.unregister(descriptor)
            asking.connection.close()

    def _fork(self, asking: Asking, asked: dict[str, object]) -> int:
        """The process id of a new fork; 0 when there is none: the client then runs a Python with the code as it is."""
        if self._loaded != modified():
            return 0
        pid = os.fork()
        if pid == 0:
            self._become(asking, asked)
        say(asking.connection, pid=pid)
        return pid

    def _become(self, asking: Asking, asked: dict[str, object]) -> NoReturn:
        """In the fork: drop what is the fork server's, take what is the client's, and run the program."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
                signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
            self._close_all()
            *standard, gate = asking.descriptors
            for target, descriptor in enumerate(standard):
                os.dup2(descriptor, target)
            # The client may have given up on us: then it does the work itself.
            if os.read(gate, 1):
                asking.close_descriptors()
                code = self._program(asked)
        finally:
            # Not sys.exit(): the frames above are the fork server's, and its cleanup is not ours to run.
            leave(code)

    def _close_all(self) -> None:
        self._selector.close()
        self._listener.close()
        for asking in self._asking.values():
            asking.connection.close()
        for connection in self._forks.values():
            connection.close()
        for descriptor in self._wakers:
            os.close(descriptor)

    def _client_gone(self, descriptor: int) -> None:
        """A client never says more than it asked: when its connection wakes us, it was killed, and so is its fork."""
        for pid, connection in self._forks.items():
            if connection.fileno() == descriptor:
                self._selector.unregister(connection)
                os.kill(pid, signal.SIGKILL)
                return

    def _reap(self) -> None:
        while self._forks:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            connection = self._forks.pop(pid)
            with contextlib.suppress(KeyError):
                self._selector.unregister(connection)
            say(connection, status=status)
            connection.close()

    def _stop_forking(self, _descriptor: int) -> None:
        """The worker is gone: fork nothing more, and stay for what was forked, which may well go on without it."""
        self._is_ending = True
        self._selector.unregister(0)
        self._selector.unregister(self._listener)
        self._listener.close()


def say(connection: socket.socket, **told: int) -> None:
    """Write one line to a client, unless it has gone away."""
    with contextlib.suppress(OSError):
        connection.sendall(json.dumps(told).encode() + b"\n")


def leave(code: int) -> NoReturn:
    """End this process now, with what was printed sent out."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)
