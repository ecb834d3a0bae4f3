"""The flow's side of a scoring process: start it, hand it mini-batches, hold the deadline, kill it, say why it died."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scoring import device_memory
from scoring.channel import Channel, GoneError, OverdueError
from scoring.endings import fault_of, where_in
from scoring.errors import InitFailedError, SpoolError, TryFailedError
from scoring.facts import Fault, WrittenFiles
from scoring.guardian import ON_LINUX, descendants
from scoring.launch import Launch
from scoring.own_folder import OwnFilesError, OwnFolder

HERE = Path(__file__).parent
KILL_TAKES = 0.5  # seconds the guardian is given before it is killed itself
STACK_TAKES = 0.2  # seconds that a script which is overdue is given to say where it hangs
STACK_IS_WHOLE = re.compile(rb'program\.py", line \d+ in <module>')
MAY_HAVE_BLOCKED = 16384  # bytes unread from which on a script may have waited for us to read


@dataclass(frozen=True)
class Scored:
    """What run() returned for a mini-batch: rows in the spool, from byte `offset` on, `length` bytes long.

    `given_up` are positions of files that it gave up itself, and why.
    """

    rows: int
    columns: tuple[str, ...]
    offset: int
    length: int
    named: tuple[int, ...] | None
    written: WrittenFiles | None = None
    given_up: tuple[tuple[int, Fault], ...] = ()


class ScoringProcess:
    """One child that holds the model. Made by one thread and used by one at a time; kill() may come from any."""

    def __init__(self, launch: Launch, scratch: str) -> None:
        """Start the child and tell it what to load; returns at once, wait_ready() waits for init()."""
        self.launch = launch
        self.is_ready = False
        self.seconds: dict[str, float] = {}
        self._lock = threading.Lock()
        self._started = time.monotonic()
        self._folder = tempfile.mkdtemp(prefix="process-", dir=scratch)
        self._own = OwnFolder(scratch)
        self._stack = tempfile.TemporaryFile(dir=scratch, buffering=0)  # noqa: SIM115 - release() closes it
        try:
            self._spawn()
        except BaseException:
            self._stack.close()
            self._own.remove()
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        self._channel.send(launch.load_request())

    @property
    def pid(self) -> int:
        """The guardian's process id; the script's process is its child."""
        return self._guardian.pid

    @property
    def relay(self) -> Callable[[str], None]:
        """Takes each line that the script prints."""
        return self._channel.relay

    @relay.setter
    def relay(self, take: Callable[[str], None]) -> None:
        self._channel.relay = take

    def _spawn(self) -> None:
        own_files = self.launch.shared_output or str(self._own.path)
        Path(own_files).mkdir(parents=True, exist_ok=True)
        with ExitStack() as theirs, ExitStack() as on_error:

            def pipe(*, we_read: bool) -> tuple[int, int]:
                ends = os.pipe()
                mine, other = ends if we_read else reversed(ends)
                on_error.callback(os.close, mine)
                theirs.callback(os.close, other)
                return mine, other

            self._alive: int | None
            self._alive, alive = pipe(we_read=False)
            self._report, report = pipe(we_read=True)
            requests, their_requests = pipe(we_read=False)
            replies, their_replies = pipe(we_read=True)
            output, their_output = pipe(we_read=True)
            passed = [their_requests, their_replies, self._stack.fileno()]
            told = [os.getpid(), alive, report, self.launch.memory_limit or 0]
            guardian = [sys.executable, "-I", "-S", str(HERE / "guardian.py"), *map(str, told)]
            program = [self.launch.python, str(HERE / "program.py"), *map(str, passed)]
            self._guardian = subprocess.Popen(
                [*guardian, ",".join(map(str, passed)), "--", *program],
                stdin=subprocess.DEVNULL,
                stdout=their_output,
                stderr=their_output,
                pass_fds=(alive, report, *passed),
                cwd=self._folder,
                env=self.launch.environment(own_files),
                start_new_session=True,
            )
            self._channel = Channel(requests, replies, output)
            os.set_blocking(self._report, False)
            on_error.pop_all()

    def wait_ready(self) -> None:
        """Wait until init() has returned.

        Raises: InitFailedError when the import or init() raised, took longer than init_timeout, or ended the process.
        """
        if self.is_ready:
            return
        limit = self.launch.init_timeout
        # Until now nobody read what the script prints: one that filled its pipe stood still, and gets its time anew.
        waited = self._channel.relay_printed() > MAY_HAVE_BLOCKED
        try:
            told = self._channel.receive((time.monotonic() if waited else self._started) + limit)
        except OverdueError:
            message = f"import and init() took longer than {limit:g} s (settings.init_timeout)"
            raise InitFailedError("init", self._end_overdue(message)) from None
        except GoneError:
            raise InitFailedError("init", self._end_gone()) from None
        if told["kind"] == "raised":
            self.kill()
            self._channel.relay_last_words()
            raise InitFailedError(told["stage"], device_memory.named(Fault.from_child(told["error"])))
        self._leave_files_of_init()
        self.is_ready = True
        self._wants_context: bool = told["wants_context"]
        # time.monotonic() is one clock for all processes of a machine, and we may have come long after the message.
        self.seconds = {"start": told["imported"] - self._started, "init": told["ready"] - told["imported"]}

    def score(
        self,
        index: int,
        files: list[str],
        spool: str,
        timeout: float,
        meanwhile: Callable[[], None] = lambda: None,
        relative_paths: Sequence[str] = (),
    ) -> Scored:
        """Have run() score one mini-batch.

        Args:
            index: the mini-batch's, counted from 0 over the job.
            files: local absolute paths.
            spool: file that the rows are appended to.
            timeout: seconds that run() may take; the process is killed after that.
            meanwhile: is called at least every second while run() runs.
            relative_paths: of the files, below the job's input; a run() that takes a context is told.
        Raises: TryFailedError with the reason; after a timeout or a crash the process is gone. SpoolError when the
            rows cannot be written.
        """
        self._empty_own_folder(index)
        deadline = time.monotonic() + timeout
        told_paths = relative_paths if self._wants_context else ()
        self._channel.send(self.launch.score_request(index, files, spool, told_paths))
        try:
            told = self._channel.receive(deadline, meanwhile)
        except OverdueError:
            message = f"run() took longer than {timeout:g} s (settings.retry_settings.timeout); its process was killed"
            raise TryFailedError(index, self._end_overdue(message)) from None
        except GoneError:
            raise TryFailedError(index, self._end_gone()) from None
        if told["kind"] == "unkept":
            raise SpoolError(spool, told["reason"])
        if told["kind"] == "raised":
            raise TryFailedError(index, self._fault_raised(told["error"]))
        return scored_of(told)

    def _fault_raised(self, told: dict[str, Any]) -> Fault:
        """Why run() raised. Memory of a device is had back, whatever the framework keeps of it, by a new process."""
        fault = device_memory.named(Fault.from_child(told))
        if fault.error == device_memory.ERROR:
            self.kill()
            self._channel.relay_last_words()
        return fault

    def _leave_files_of_init(self) -> None:
        try:
            names = self._own.end_init()
        except OwnFilesError as error:
            self.kill()
            raise InitFailedError("init", error.fault) from error
        for name in names:
            self.relay(f"init() wrote {name!r} into AZUREML_BI_OUTPUT_PATH; it is of no mini-batch and not published")

    def keep_own_files(self, index: int) -> WrittenFiles | None:
        """Keep what the script wrote itself while a mini-batch was scored; None where it wrote nothing.

        Raises: TryFailedError when it is nothing that can be published.
        """
        if not self.launch.own_files:
            return None
        try:
            return self._own.keep(index, self.launch.own_files)
        except OwnFilesError as error:
            raise TryFailedError(index, error.fault) from error

    def _empty_own_folder(self, index: int) -> None:
        try:
            self._own.empty()
        except OwnFilesError as error:
            self.kill()  # the next one has another folder
            raise TryFailedError(index, error.fault) from error

    def close(self, timeout: float = 10) -> Fault | None:
        """Let the script's shutdown() run, then end the process and all it started.

        Returns: what went wrong in shutdown(), or None.
        """
        fault = None
        if self.is_ready and self.is_alive:
            deadline = time.monotonic() + timeout
            self._channel.send({"kind": "shutdown"})
            try:
                told = self._channel.receive(deadline)
                if told["kind"] == "raised":
                    fault = Fault.from_child(told["error"])
            except OverdueError:
                fault = self._end_overdue(f"shutdown() took longer than {timeout:g} s; its process was killed")
            except GoneError:
                fault = self._end_gone()
        self.kill()
        return fault

    @property
    def is_alive(self) -> bool:
        """Whether the guardian still runs."""
        return self._guardian.poll() is None

    def kill(self) -> None:
        """End the process and all its descendants now; returns when they are gone. Safe from any thread, any time."""
        with self._lock:
            alive, self._alive = self._alive, None
            if alive is not None:
                os.close(alive)
        self._guardian.send_signal(signal.SIGCONT)  # a script may have stopped it
        try:
            self._guardian.wait(KILL_TAKES)
        except subprocess.TimeoutExpired:
            self._kill_by_force()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _kill_by_force(self) -> None:
        """The guardian has no time to act, or no memory: what is below it is found from here."""
        below: list[int] = descendants(self._guardian.pid) if ON_LINUX else []  # type: ignore[no-untyped-call]
        self._guardian.kill()
        for pid in below:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._guardian.wait()

    def release(self) -> None:
        """Give back the descriptors; once, by the thread that used the process, after kill() or close()."""
        self._channel.close()
        os.close(self._report)
        self._stack.close()
        self._own.remove()

    def _end_overdue(self, message: str) -> Fault:
        """Kill a script that is overdue; the fault says where it hung, if that could be known."""
        stack = self._ask_for_stack()
        self.kill()
        self._channel.relay_last_words()
        return Fault(error="timeout", message=message, where=where_in(stack, self.launch.code), traceback=stack)

    def _end_gone(self) -> Fault:
        """Why the process is gone, as its guardian reports it; its descendants go as well."""
        self.kill()
        self._channel.relay_last_words()
        try:
            report = os.read(self._report, 4096)
        except BlockingIOError:
            report = b""
        return fault_of(report, self._read_stack().decode(errors="replace"), self.launch.code)

    def _ask_for_stack(self) -> str:
        """The stacks of the script's threads: faulthandler answers even from C code that holds the GIL."""
        self._guardian.send_signal(signal.SIGCONT)
        with self._lock, suppress(BrokenPipeError):
            if self._alive is not None:
                os.write(self._alive, b"?")
        give_up = time.monotonic() + STACK_TAKES
        while not STACK_IS_WHOLE.search(stack := self._read_stack()) and time.monotonic() < give_up:
            time.sleep(0.002)
        return stack.decode(errors="replace")

    def _read_stack(self) -> bytes:
        return os.pread(self._stack.fileno(), 1 << 16, 0)


def scored_of(told: dict[str, Any]) -> Scored:
    named = told["named"]
    return Scored(
        rows=told["rows"],
        columns=tuple(told["columns"]),
        offset=told["offset"],
        length=told["length"],
        named=None if named is None else tuple(named),
        given_up=tuple((position, Fault.from_child(error)) for position, error in told["given_up"]),
    )
