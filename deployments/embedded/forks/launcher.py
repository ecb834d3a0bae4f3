"""The command of a job: has its flow run forked, passes on signals and exit status, takes it along when killed.

Run as `python -I -S launcher.py SOCKET PYTHON` with the standard library alone, so that it starts in some 20 ms.
"""

import array
import json
import os
import signal
import socket
import sys
from typing import NoReturn

FORWARDED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def main(path: str, python: str) -> None:
    """Be the flow run that PREFECT__FLOW_RUN_ID names, by way of a fork or of a new Python."""
    held: list[int] = []
    # Signals that come before there is a fork to pass them to are kept and passed on then.
    for number in FORWARDED:
        signal.signal(number, lambda got, _frame: held.append(got))
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(path)
        ask(connection)
        answer = connection.makefile("rb")
        told = json.loads(answer.readline() or b"{}")
    except OSError:
        told = {}
    if "pid" not in told:
        start_slowly(python, held)
    pid: int = told["pid"]
    for number in FORWARDED:
        signal.signal(number, lambda got, _frame: send(pid, got))
    for got in held:
        send(pid, got)
    line = answer.readline()
    end_like(json.loads(line)["status"] if line else None, pid)


def ask(connection: socket.socket) -> None:
    """Send environment, folder and output: first the length, with the descriptors, then the text."""
    text = json.dumps({"environment": dict(os.environ), "folder": os.getcwd()}).encode()
    descriptors = array.array("i", [0, 1, 2])
    connection.sendmsg(
        [len(text).to_bytes(8, "little")], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors.tobytes())]
    )
    connection.sendall(text)


def send(pid: int, number: int) -> None:
    """Pass a signal on."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return  # it ended, and its status is on its way to us


def start_slowly(python: str, held: list[int]) -> NoReturn:
    """Without a fork server, become the flow run."""
    for number in FORWARDED:
        signal.signal(number, signal.SIG_DFL)
    for got in held:
        os.kill(os.getpid(), got)
    os.execv(python, [python, "-m", "prefect.engine"])


def end_like(status: int | None, pid: int) -> NoReturn:
    """End as the fork did: by its signal, or with its exit code."""
    if status is None:
        send(pid, signal.SIGKILL)  # the fork server is gone, and nobody minds the fork
        os._exit(1)
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(os.WEXITSTATUS(status))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
