"""The flow's side of a scoring process: start it, hand it mini-batches, hold the deadline, kill it, say why it died."""

import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scoring.errors import InitFailedError, TryFailedError
from scoring.facts import Fault

HERE = Path(__file__).parent
WAIT = 1.0  # seconds: Prefect cannot interrupt a call that blocks, so none blocks for longer
KILL_TAKES = 1.0  # seconds the guardian is given before it is killed itself
LONGEST_LINE = 8192  # bytes of a log line; what is longer is cut into several

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)


@dataclass(frozen=True)
class Launch:
    """What a scoring process is started with; paths are absolute and local, durations seconds."""

    python: str
    script: str
    code: str
    layout: str
    logging_level: str = "info"
    init_timeout: float = 300
    threads: int = 1
    variables: dict[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        """The child's environment: ours without the orchestrator's settings and secrets, then the deployment's own."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("PREFECT_", "BATCHPOINT_"))}
        kept.update(PYTHONUNBUFFERED="1", PYTHONDONTWRITEBYTECODE="1")
        kept.update(dict.fromkeys(THREAD_VARIABLES, str(self.threads)))
        kept.update(self.variables)
        return kept


@dataclass(frozen=True)
class Scored:
    """What run() returned for a mini-batch: rows in the spool, from byte `offset` on, `length` bytes long."""

    rows: int
    columns: tuple[str, ...]
    offset: int
    length: int
    named: tuple[int, ...] | None


class _GoneError(Exception):
    """The child's end of the message pipe closed."""


class _OverdueError(Exception):
    """No message came before the deadline."""


def _ignore(_line: str) -> None:
    """What becomes of output while nobody listens."""


class ScoringProcess:
    """One child that holds the model. Made by one thread and used by one at a time; kill() may come from any."""

    def __init__(self, launch: Launch, scratch: str) -> None:
        """Start the child and tell it what to load; returns at once, wait_ready() waits for init()."""
        self.launch = launch
        self.relay: Callable[[str], None] = _ignore
        self.is_ready = False
        self.was_killed = False
        self._folder = tempfile.mkdtemp(prefix="process-", dir=scratch)
        self._lock = threading.Lock()
        self._started = time.monotonic()
        self._incoming = b""
        self._line = b""
        self._outgoing = b""
        self._ends: dict[str, int] = {}
        self._guardian = self._spawn()
        self._send(
            {
                "kind": "load",
                "script": launch.script,
                "code": launch.code,
                "logging_level": launch.logging_level,
                "arguments": ["--logging_level", launch.logging_level.upper()],
            }
        )

    @property
    def pid(self) -> int:
        """The guardian's process id; the script's process is its child."""
        return self._guardian.pid

    def _spawn(self) -> subprocess.Popen[bytes]:
        pipes = {name: os.pipe() for name in ("alive", "report", "requests", "replies", "output")}
        theirs = {
            "alive": pipes["alive"][0],
            "report": pipes["report"][1],
            "requests": pipes["requests"][0],
            "replies": pipes["replies"][1],
        }
        ours = {
            "alive": pipes["alive"][1],
            "report": pipes["report"][0],
            "requests": pipes["requests"][1],
            "replies": pipes["replies"][0],
            "output": pipes["output"][0],
        }
        passed = f"{theirs['requests']},{theirs['replies']}"
        program = [self.launch.python, str(HERE / "program.py"), str(theirs["requests"]), str(theirs["replies"])]
        guardian = [sys.executable, "-I", "-S", str(HERE / "guardian.py")]
        try:
            started = subprocess.Popen(
                [*guardian, str(theirs["alive"]), str(theirs["report"]), passed, "--", *program],
                stdin=subprocess.DEVNULL,
                stdout=pipes["output"][1],
                stderr=pipes["output"][1],
                pass_fds=tuple(theirs.values()),
                cwd=self._folder,
                env=self.launch.environment(),
                start_new_session=True,
            )
        except OSError:
            for end in ours.values():
                os.close(end)
            raise
        finally:
            for end in (*theirs.values(), pipes["output"][1]):
                os.close(end)
        for name in ("requests", "replies", "output", "report"):
            os.set_blocking(ours[name], False)
        self._ends = ours
        return started

    def wait_ready(self) -> None:
        """Wait until init() has returned.

        Raises: InitFailedError when the import or init() raised, took longer than init_timeout, or ended the process.
        """
        if self.is_ready:
            return
        try:
            told = self._receive(self._started + self.launch.init_timeout)
        except _OverdueError:
            self.kill()
            limit = self.launch.init_timeout
            raise InitFailedError(
                "init", Fault(error="timeout", message=f"init() took longer than {limit:g} s (settings.init_timeout)")
            ) from None
        except _GoneError:
            raise InitFailedError("init", self._reason()) from None
        if told["kind"] == "raised":
            self.kill()
            raise InitFailedError(told["stage"], Fault.from_child(told["error"]))
        self.is_ready = True

    def score(self, index: int, files: list[str], spool: str, timeout: float) -> Scored:
        """Have run() score one mini-batch.

        Args:
            index: the mini-batch's, counted from 0 over the job.
            files: local absolute paths.
            spool: file that the rows are appended to.
            timeout: seconds that run() may take; the process is killed after that.
        Raises: TryFailedError with the reason; after a timeout or a crash the process is gone.
        """
        self._send({"kind": "score", "index": index, "files": files, "spool": spool, "layout": self.launch.layout})
        try:
            told = self._receive(time.monotonic() + timeout)
        except _OverdueError:
            self.kill()
            message = f"run() took longer than {timeout:g} s (settings.retry_settings.timeout); its process was killed"
            raise TryFailedError(index, Fault(error="timeout", message=message)) from None
        except _GoneError:
            raise TryFailedError(index, self._reason()) from None
        if told["kind"] == "raised":
            raise TryFailedError(index, Fault.from_child(told["error"]))
        named = told["named"]
        return Scored(
            told["rows"],
            tuple(told["columns"]),
            told["offset"],
            told["length"],
            None if named is None else tuple(named),
        )

    def close(self, timeout: float = 10) -> Fault | None:
        """Let the script's shutdown() run, then end the process and all it started.

        Returns: what went wrong in shutdown(), or None.
        """
        fault = None
        if self.is_ready and self.is_alive:
            self._send({"kind": "shutdown"})
            try:
                told = self._receive(time.monotonic() + timeout)
                if told["kind"] == "raised":
                    fault = Fault.from_child(told["error"])
            except _OverdueError:
                fault = Fault(
                    error="timeout", message=f"shutdown() took longer than {timeout:g} s; its process was killed"
                )
            except _GoneError:
                fault = self._reason()
        self.kill()
        return fault

    @property
    def is_alive(self) -> bool:
        """Whether the guardian still runs."""
        return self._guardian.poll() is None

    def kill(self) -> None:
        """End the process and all its descendants now; returns when they are gone. Safe from any thread, any time."""
        with self._lock:
            self.was_killed = True
            alive = self._ends.pop("alive", None)
        if alive is not None:
            os.close(alive)
        try:
            self._guardian.wait(KILL_TAKES)
        except subprocess.TimeoutExpired:
            # A stopped guardian cannot act; PR_SET_PDEATHSIG then takes the script with it.
            self._guardian.kill()
            self._guardian.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def release(self) -> None:
        """Give back the pipes; by the thread that used the process, after kill() or close()."""
        for name in list(self._ends):
            os.close(self._ends.pop(name))

    def _send(self, message: dict[str, Any]) -> None:
        self._outgoing += json.dumps(message).encode() + b"\n"

    def _receive(self, deadline: float) -> dict[str, Any]:
        """The child's next message, sending what waits and relaying its output meanwhile."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._ends["replies"], selectors.EVENT_READ)
            selector.register(self._ends["output"], selectors.EVENT_READ)
            if self._outgoing:
                selector.register(self._ends["requests"], selectors.EVENT_WRITE)
            while True:
                if b"\n" in self._incoming:
                    line, _, self._incoming = self._incoming.partition(b"\n")
                    self._relay_output(selector)
                    return dict(json.loads(line))
                left = deadline - time.monotonic()
                if left <= 0:
                    raise _OverdueError
                for key, _ in selector.select(min(left, WAIT)):
                    self._serve(selector, key.fd)

    def _serve(self, selector: selectors.BaseSelector, end: int) -> None:
        if end == self._ends["output"]:
            self._relay_output(selector)
        elif end == self._ends["replies"]:
            data = os.read(end, 65536)
            if not data:
                self._relay_output(selector)
                raise _GoneError
            self._incoming += data
        else:
            try:
                self._outgoing = self._outgoing[os.write(end, self._outgoing) :]
            except BrokenPipeError:
                self._outgoing = b""  # the replies' end says so next, after what the child still printed
            if not self._outgoing:
                selector.unregister(end)

    def _relay_output(self, selector: selectors.BaseSelector | None = None) -> None:
        """Pass on what the script printed, line by line, for as long as there is any."""
        output = self._ends["output"]
        while True:
            try:
                data = os.read(output, 65536)
            except BlockingIOError:
                return
            if not data:
                if selector is not None and output in selector.get_map():
                    selector.unregister(output)
                self._relay_line(self._line)
                self._line = b""
                return
            *lines, self._line = (self._line + data).split(b"\n")
            for line in lines:
                self._relay_line(line)
            while len(self._line) >= LONGEST_LINE:
                self._relay_line(self._line[:LONGEST_LINE])
                self._line = self._line[LONGEST_LINE:]

    def _relay_line(self, line: bytes) -> None:
        for start in range(0, len(line), LONGEST_LINE):
            self.relay(line[start : start + LONGEST_LINE].decode(errors="replace").rstrip("\r"))

    def _reason(self) -> Fault:
        """Why the process is gone, from the wait status that the guardian reports; its descendants go as well."""
        self.kill()
        try:
            report = os.read(self._ends["report"], 4096)
        except BlockingIOError:
            report = b""
        status = json.loads(report)["status"] if report else None
        if status is None:
            ended = self._guardian.returncode
            return Fault(
                error="crash", message=f"the scoring process's guardian ended with {ended} before it could report"
            )
        if os.WIFSIGNALED(status):
            return _signal_fault(os.WTERMSIG(status))
        code = os.WEXITSTATUS(status)
        return Fault(
            error="exit", message=f"the scoring process ended with exit code {code}; a script must not call os._exit()"
        )


def _signal_fault(number: int) -> Fault:
    if number == signal.SIGKILL:
        hint = "usually out of memory; lower mini_batch_size or max_concurrency_per_instance, or pick a larger compute"
        return Fault(error="crash", message=f"the scoring process was killed by signal 9, {hint}")
    name = signal.Signals(number).name if number in set(signal.Signals) else "unknown"
    return Fault(error="crash", message=f"the scoring process was killed by signal {number} ({name})")
