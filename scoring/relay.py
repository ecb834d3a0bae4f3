"""What a script prints: every line to the slot's log file, a bounded number of lines to the job's log."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from scoring.storage import Folder

LOGS = "logs"
LINES_RELAYED = 200  # of one mini-batch; a line costs Prefect's server a row in its database
CHARACTERS_KEPT = 4 << 20  # of one mini-batch, in the file: a script that prints without end must not fill the disk

log = logging.getLogger(__name__)


class Relay:
    """One slot's log. Used by the thread that minds the slot, so that log lines carry that thread's context.

    In a local folder each slot has one file. In a store, where nothing is appended to, each attempt at a chunk has its
    own, which is put there when it ends.
    """

    def __init__(self, job: Folder, slot: int, attempt: str, scratch: Path) -> None:
        """Begin with nothing written.

        Args:
            job: the job's folder.
            slot: the slot's number.
            attempt: what tells this attempt at a chunk from all others of the job.
            scratch: a folder for what is not stored yet.
        """
        self._slot, self._job = slot, job
        name = f"slot-{slot}.log" if job.is_local else f"slot-{slot}.{attempt}.log"
        self._name = f"{LOGS}/{name}"
        self._path = Path(job.at(self._name)) if job.is_local else scratch / name
        self._file: TextIO | None = None

    def of(self, mini_batch: int) -> Callable[[str], None]:
        """A function that takes one line which was printed while that mini-batch was scored."""
        lines = characters = 0

        def take(line: str) -> None:
            nonlocal lines, characters
            lines += 1
            characters += len(line) + 1
            if characters <= CHARACTERS_KEPT:
                self._write(f"[mini-batch {mini_batch}] {line}\n")
            if lines <= LINES_RELAYED:
                said: dict[str, object] = {"action": "script_output", "mini_batch": mini_batch, "slot": self._slot}
                log.info("[mini-batch %d, slot %d] %s", mini_batch, self._slot, line, extra=said)
            elif lines == LINES_RELAYED + 1:
                rest = self._job.url_of(self._name)
                log.warning(
                    "Mini-batch %d prints more than %d lines; the rest is in %s", mini_batch, LINES_RELAYED, rest
                )

        return take

    def after(self, line: str) -> None:
        """Take a line that was printed after the slot's mini-batches, by shutdown() for example."""
        log.info("[slot %d] %s", self._slot, line, extra={"action": "script_output", "slot": self._slot})
        if self._job.is_local:
            self._write(f"{line}\n")
            self.close()

    def note(self, mini_batch: int, text: str) -> None:
        """Put more than a log line can hold, such as a traceback, into the slot's log file."""
        for line in text.splitlines():
            self._write(f"[mini-batch {mini_batch}] {line}\n")

    def _write(self, text: str) -> None:
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("a", encoding="utf-8", errors="backslashreplace")
        self._file.write(text)

    def close(self) -> None:
        """Write out what is buffered. Raises: StoreError."""
        if self._file is None:
            return
        self._file.close()
        self._file = None
        if not self._job.is_local:
            self._job.put(self._path, self._name)
