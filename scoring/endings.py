"""Why a scoring process ended, as a fault: from its wait status, and from what faulthandler wrote of its stack."""

import json
import os
import re
import signal
from pathlib import Path

from pydantic import ByteSize

from scoring.facts import Fault, Where

FRAME = re.compile(r'^  File "(?P<file>.*)", line (?P<line>\d+) in (?P<function>.*)$', re.MULTILINE)
PROGRAM = str(Path(__file__).with_name("program.py"))


def fault_of(report: bytes, stack: str, code: str) -> Fault:
    """Why a process is gone.

    Args:
        report: what its guardian wrote: lines of JSON with the wait status, or why it could not be started, or that it
            took too much memory; may be empty when the guardian was killed as well.
        stack: what faulthandler wrote, if anything.
        code: the script's folder.
    """
    told = {key: value for line in report.splitlines() for key, value in json.loads(line).items()}
    if "refused" in told:
        return Fault(error="exit", message=f"{told['refused']}; name a Python interpreter that can be run")
    if "memory" in told:
        message = _too_large(told["memory"], told["limit"])
        return Fault(error="memory", message=message, where=where_in(stack, code), traceback=stack)
    status = told.get("status")
    if status is None:
        return Fault(error="crash", message="the scoring process and its guardian were both killed from outside")
    if os.WIFSIGNALED(status):
        where = where_in(stack, code)
        return Fault(error="crash", message=_killed_by(os.WTERMSIG(status)), where=where, traceback=stack)
    ended = os.WEXITSTATUS(status)
    return Fault(
        error="exit",
        message=f"the scoring process ended with exit code {ended}; a script must not end its process (os._exit)",
    )


def _too_large(memory: int, limit: int) -> str:
    took, allowed = (ByteSize(size).human_readable(decimal=True, separator=" ") for size in (memory, limit))
    return (
        f"the scoring process, with all that it started, took {took} of memory, more than its limit of {allowed} "
        "(settings.memory_limit, or its part of the compute's memory), and was killed; lower mini_batch_size, or raise "
        "the limit"
    )


def _killed_by(number: int) -> str:
    if number == signal.SIGKILL:
        hint = "usually out of memory; lower mini_batch_size or max_concurrency_per_instance, or pick a larger compute"
        return f"the scoring process was killed by signal 9, {hint}"
    name = signal.Signals(number).name if number in set(signal.Signals) else "unknown"
    return f"the scoring process was killed by signal {number} ({name})"


def where_in(stack: str, code: str) -> Where | None:
    """The innermost place in the script's own files on the stack of the thread that called it.

    Args:
        stack: of all threads, innermost frame first, as faulthandler writes it; empty when it could not.
        code: the script's folder.
    """
    threads = [thread for thread in stack.split("\n\n") if f'"{PROGRAM}"' in thread] or [stack]
    inside = os.path.realpath(code) + os.sep
    for frame in FRAME.finditer(threads[0]):
        file = os.path.realpath(frame["file"])
        if file.startswith(inside):
            return Where(file=os.path.relpath(file, inside), line=int(frame["line"]), function=frame["function"])
    return None
