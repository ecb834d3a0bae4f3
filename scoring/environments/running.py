"""Run an installer, so that nothing of it outlives who started it."""

import json
import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO

GUARDIAN = Path(__file__).parents[1] / "guardian.py"
LAST_LINES = 12
LONGEST_LINE = 500


class InstallerFailedError(Exception):
    """An installer did not do its work: why, and its last lines."""

    def __init__(self, reason: str, lines: Sequence[str]) -> None:
        super().__init__(reason, lines)
        self.reason, self.lines = reason, lines


def run(
    command: Sequence[str], *, folder: Path, environment: Mapping[str, str], held: int, relay: Callable[[str], None]
) -> None:
    """Run a command to its end below a guardian: however we end, it and all that it started end too.

    Args:
        command: absolute path and arguments.
        folder: to run in.
        environment: all its variables.
        held: a descriptor that it keeps open while it lives.
        relay: given each line that it prints.
    Raises: InstallerFailedError.
    """
    last: deque[str] = deque(maxlen=LAST_LINES)
    with ExitStack() as ours:
        alive, stay = _pipe(ours)
        report, tell = _pipe(ours)
        told = [os.getpid(), alive.fileno(), tell.fileno(), 0, held]
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(GUARDIAN), *map(str, told), "--", *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(alive.fileno(), tell.fileno(), held),
            cwd=folder,
            env=environment,
            start_new_session=True,
        )
        ours.callback(process.wait)
        ours.callback(stay.close)  # which has the guardian end what is left
        assert process.stdout is not None
        with process.stdout as output:
            for raw in output:
                if line := raw.decode(errors="replace").rstrip()[:LONGEST_LINE]:
                    last.append(line)
                    relay(line)
        process.wait()
        reason = _reason(_name(command), report.read(4096))
    if reason:
        raise InstallerFailedError(reason, tuple(last))


def _pipe(ours: ExitStack) -> tuple[IO[bytes], IO[bytes]]:
    """A pipe's end to read and its end to write."""
    read, write = os.pipe()
    return ours.enter_context(os.fdopen(read, "rb", 0)), ours.enter_context(os.fdopen(write, "wb", 0))


def _name(command: Sequence[str]) -> str:
    """What a command is known as: pip, for `python -m pip`."""
    return command[command.index("-m") + 1] if "-m" in command else Path(command[0]).name


def _reason(name: str, report: bytes) -> str:
    """Why a command failed, as its guardian reports it; empty when it did not."""
    told = {key: value for line in report.splitlines() for key, value in json.loads(line).items()}
    if "refused" in told:
        return str(told["refused"])
    status = told.get("status")
    if status is None:
        return f"{name} was ended before it was done"
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        return f"{name} was killed by signal {-code}"
    return f"{name} ended with exit code {code}" if code else ""
