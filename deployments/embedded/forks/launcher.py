"""The client of a fork server: has something forked, passes signals on to the fork, and ends as it ends.

Run as `python -I -S launcher.py SOCKET PYTHON` it is the command of a job, with the standard library alone, so that it
starts in some 20 ms. `batchpoint` imports it and hands itself over the same way.
"""

import array
import json
import os
import signal
import socket
import sys
import time
from typing import NoReturn

FORWARDED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
PATIENCE = 5.0
"""Seconds that a fork server gets to answer; a fork that comes later ends before it has done anything."""


def main(path: str, python: str) -> None:
    """Be the flow run that PREFECT__FLOW_RUN_ID names, by way of a fork or of a new Python."""
    os.environ["BATCHPOINT_STARTED"] = str(time.time())  # the flow tells what its beginning took
    hand_over(path, {})
    os.execv(python, [python, "-m", "prefect.engine"])


def hand_over(path: str, asked: dict[str, object]) -> None:
    """Have the fork server at a socket fork, and end as the fork ends. Returns only when nothing was forked.

    Args:
        path: the fork server's socket.
        asked: what the fork is told besides this process's environment and folder; it is given descriptors 0, 1 and 2.
    """
    held: list[int] = []
    # Signals that come before there is a fork to pass them to are kept. What is ignored here stays so.
    before = {number: signal.getsignal(number) for number in FORWARDED}
    minded = [number for number in FORWARDED if before[number] is not signal.SIG_IGN]
    for number in minded:
        signal.signal(number, lambda got, _frame: held.append(got))
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        opened, gate = os.pipe()
        try:
            pid = ask(connection, path, asked, opened)
        except (OSError, ValueError, KeyError):
            pid = 0
        os.close(opened)
        if pid:
            mind(connection, gate, pid, minded, held)
        os.close(gate)
    for number in minded:
        signal.signal(number, before[number])
    for got in held:
        os.kill(os.getpid(), got)


def ask(connection: socket.socket, path: str, asked: dict[str, object], gate: int) -> int:
    """Send what the fork needs: first the length, with the descriptors, then the text.

    Args:
        connection: not connected yet.
        path: as of hand_over.
        asked: as of hand_over.
        gate: the end of a pipe on which the fork waits for a byte before it begins.
    Returns: the fork's process id. Raises: OSError, ValueError or KeyError when there is no fork.
    """
    connection.settimeout(PATIENCE)
    connection.connect(path)
    text = json.dumps({"environment": dict(os.environ), "folder": os.getcwd(), **asked}).encode()
    descriptors = array.array("i", [0, 1, 2, gate])
    connection.sendmsg(
        [len(text).to_bytes(8, "little")], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors.tobytes())]
    )
    connection.sendall(text)
    return int(told(connection)["pid"])


def told(connection: socket.socket) -> dict[str, int]:
    """The next line from the fork server. Raises: OSError, or ValueError when it is gone."""
    line = b""
    while not line.endswith(b"\n"):
        data = connection.recv(1)  # not more: the next line is another call's
        if not data:
            raise ValueError("the fork server is gone")
        line += data
    answer: dict[str, int] = json.loads(line)
    return answer


def mind(connection: socket.socket, gate: int, pid: int, minded: list[signal.Signals], held: list[int]) -> NoReturn:
    """Let the fork begin, pass signals on to it, stop and go on as one with it, and end as it ends."""
    for number in minded:
        signal.signal(number, lambda got, _frame: send(pid, got))
    signal.signal(signal.SIGTSTP, lambda _got, _frame: pause(pid))
    connection.settimeout(None)
    os.write(gate, b"!")
    for got in held:
        send(pid, got)
    try:
        end_like(told(connection)["status"])
    except (OSError, ValueError):
        send(pid, signal.SIGKILL)
        os.write(2, b"the fork server is gone, and what it had forked was ended\n")
        os._exit(1)


def send(pid: int, number: int) -> None:
    """Pass a signal on."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return  # it ended, and its status is on its way to us


def pause(pid: int) -> None:
    """Ctrl-Z: the fork is in another session, where the terminal's signals do not reach it."""
    send(pid, signal.SIGSTOP)
    os.kill(os.getpid(), signal.SIGSTOP)
    send(pid, signal.SIGCONT)


def end_like(status: int) -> NoReturn:
    """End as the fork did: by its signal, or with its exit code."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(os.WEXITSTATUS(status))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
