"""What a script prints: each line with its time to the slot's log file, a bounded number to the job's log."""

import logging
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import time
from typing import TextIO

from scoring.storage import Folder

LOGS = "logs"
LINES_RELAYED = 200  # of one mini-batch; a line costs Prefect's server a row in its database
LINES_OF_SLOT = 1000  # relayed of all mini-batches of a slot
CHARACTERS_KEPT = 4 << 20  # of one mini-batch, in the file: a script that prints without end must not fill the disk
OF_LOGGING = re.compile(r"(WARNING|ERROR|CRITICAL) [\w.]+: ")  # as program.py has the script's logging write them
OF_SLOT = re.compile(r"slot-(\d+)\..*log")

log = logging.getLogger(__name__)


def moment(at: float) -> str:
    """A time, in seconds since 1970, as logs say it: in UTC, to the millisecond."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def level_of(line: str) -> int:
    """The level of a line that a script logged; what it printed is INFO."""
    logged = OF_LOGGING.match(line)
    return logging.getLevelNamesMapping()[logged[1]] if logged else logging.INFO


class Allowance:
    """How many lines of a slot may still be relayed to the job's log."""

    def __init__(self) -> None:
        self.left = LINES_OF_SLOT


class Relay:
    """One slot's log. Used by the thread that minds the slot, so that log lines carry that thread's context.

    In a local folder each slot has one file. In a store, where nothing is appended to, each attempt at a chunk has its
    own, which is put there when it ends.
    """

    def __init__(self, job: Folder, slot: int, attempt: str, scratch: Path, allowance: Allowance | None = None) -> None:
        """Begin with nothing written.

        Args:
            job: the job's folder.
            slot: the slot's number.
            attempt: what tells this attempt at a chunk from all others of the job.
            scratch: a folder for what is not stored yet.
            allowance: the slot's; None for a slot that has relayed nothing yet.
        """
        self._slot, self._job = slot, job
        self._allowance = allowance or Allowance()
        name = f"slot-{slot}.log" if job.is_local else f"slot-{slot}.{attempt}.log"
        self._name = f"{LOGS}/{name}"
        self._path = Path(job.at(self._name)) if job.is_local else scratch / name
        self._file: TextIO | None = None

    def of(self, mini_batch: int) -> Callable[[str], None]:
        """A function that takes one line which was printed while that mini-batch was scored."""
        lines = characters = 0
        if self._file is not None:
            self._file.flush()  # who reads it while the job runs need not wait for more

        def take(line: str) -> None:
            nonlocal lines, characters
            lines += 1
            characters += len(line) + 1
            if characters <= CHARACTERS_KEPT:
                self._write(f"[mini-batch {mini_batch}] {line}")
            if lines <= LINES_RELAYED:
                self._relay(mini_batch, line)
            elif lines == LINES_RELAYED + 1 and self._allowance.left > 0:
                rest = self._job.url_of(self._name)
                log.warning(
                    "Mini-batch %d prints more than %d lines; the rest is in %s", mini_batch, LINES_RELAYED, rest
                )

        return take

    def _relay(self, mini_batch: int, line: str) -> None:
        left, self._allowance.left = self._allowance.left, self._allowance.left - 1
        if left > 0:
            said: dict[str, object] = {"action": "script_output", "mini_batch": mini_batch, "slot": self._slot}
            log.log(level_of(line), "[mini-batch %d, slot %d] %s", mini_batch, self._slot, line, extra=said)
        elif left == 0:
            rest = self._job.url_of(self._name if self._job.is_local else LOGS)
            log.warning("Slot %d prints more than %d lines; the rest is in %s", self._slot, LINES_OF_SLOT, rest)

    def after(self, line: str) -> None:
        """Take a line that was printed after the slot's mini-batches, by shutdown() for example."""
        log.info("[slot %d] %s", self._slot, line, extra={"action": "script_output", "slot": self._slot})
        if self._job.is_local:
            self._write(line)
            self.close()

    def note(self, mini_batch: int, text: str) -> None:
        """Put more than a log line can hold, such as a traceback, into the slot's log file."""
        for line in text.splitlines():
            self._write(f"[mini-batch {mini_batch}] {line}")

    def _write(self, line: str) -> None:
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("a", encoding="utf-8", errors="backslashreplace")
        self._file.write(f"{moment(time())} {line}\n")

    def close(self) -> None:
        """Write out what is buffered. Raises: StoreError."""
        if self._file is None:
            return
        self._file.close()
        self._file = None
        if not self._job.is_local:
            self._job.put(self._path, self._name)


def slot_logs(job: Folder) -> dict[int, list[str]]:
    """Names of the files in a job's folder that hold what the script printed, by slot, in the order of their times."""
    found: dict[int, list[tuple[str, str]]] = {}
    for name in job.folder(LOGS).names():
        if of_slot := OF_SLOT.fullmatch(name):
            path = f"{LOGS}/{name}"
            found.setdefault(int(of_slot[1]), []).append((next(lines_of(job, path), ""), path))
    return {slot: [path for _, path in sorted(logs)] for slot, logs in found.items()}


def lines_of(job: Folder, name: str) -> Iterator[str]:
    """The lines of a log in a job's folder."""
    with job.open(name) as lines:
        for line in lines:
            yield line.decode("utf-8", "backslashreplace").rstrip("\n")
