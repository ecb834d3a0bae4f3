"""The pipes between us and one scoring process: messages both ways, and what the script prints."""

import json
import math
import os
import select
import time
from collections.abc import Callable
from typing import Any

WAIT = 1.0  # seconds: Prefect cannot interrupt a call that blocks, so none blocks for longer
PIPE_BYTES = 65536  # what Linux keeps in a pipe
LONGEST_LINE = 8192  # bytes of a log line; what is longer is cut into several


class GoneError(Exception):
    """The child's end of the message pipe closed."""


class OverdueError(Exception):
    """No message came before the deadline."""


def ignore(_line: str) -> None:
    """What becomes of output while nobody listens."""


class Channel:
    """Our ends of a scoring process's pipes. Used by one thread at a time."""

    def __init__(self, requests: int, replies: int, output: int) -> None:
        """Take over three descriptors: one to write requests to, two to read replies and output from."""
        self.relay: Callable[[str], None] = ignore
        self._requests, self._replies, self._output = requests, replies, output
        self._unsent = self._heard = self._line = b""
        for end in (requests, replies, output):
            os.set_blocking(end, False)
        self._poll = select.poll()
        self._poll.register(replies, select.POLLIN)
        self._poll.register(output, select.POLLIN)

    def send(self, message: dict[str, Any]) -> None:
        """Send a message; what the pipe does not take at once goes out while receive() waits."""
        self._unsent += json.dumps(message).encode() + b"\n"
        self._send_more()
        if self._unsent:
            self._poll.register(self._requests, select.POLLOUT)

    def receive(self, deadline: float, meanwhile: Callable[[], None] = lambda: None) -> dict[str, Any]:
        """The child's next message; its output is relayed until then, and up to the message before this returns.

        Args:
            deadline: on the clock of time.monotonic(). A message that lies ready is received even if it is past.
            meanwhile: is called at least every second.
        Raises: OverdueError; GoneError when no message can come any more.
        """
        while b"\n" not in self._heard:
            left = deadline - time.monotonic()
            for end, _ in self._poll.poll(math.ceil(max(0.0, min(left, WAIT)) * 1000)):
                self._serve(end)
            meanwhile()
            if left <= 0 and b"\n" not in self._heard:
                raise OverdueError
        message, _, self._heard = self._heard.partition(b"\n")
        self.relay_printed()
        self._end_line()
        return dict(json.loads(message))

    def relay_printed(self) -> int:
        """Pass on what the script has printed by now, line by line; how many bytes that was.

        Never more than a pipe holds: a script may print faster than we pass on, and must not keep us from its deadline.
        """
        printed = 0
        while printed < PIPE_BYTES:
            try:
                data = os.read(self._output, PIPE_BYTES)
            except BlockingIOError:
                break
            if not data:
                break
            printed += len(data)
            self._take(data)
        return printed

    def relay_last_words(self) -> None:
        """Pass on all that is left, the last line without an end too; once the process and its children are gone."""
        while self.relay_printed():
            continue
        self._end_line()

    def close(self) -> None:
        """Give the descriptors back."""
        for end in (self._requests, self._replies, self._output):
            os.close(end)

    def _serve(self, end: int) -> None:
        if end == self._output:
            data = os.read(end, PIPE_BYTES)
            if data:
                self._take(data)
            else:
                self._poll.unregister(end)
        elif end == self._replies:
            data = os.read(end, PIPE_BYTES)
            if not data:
                raise GoneError
            self._heard += data
        else:
            self._send_more()
            if not self._unsent:
                self._poll.unregister(end)

    def _send_more(self) -> None:
        try:
            while self._unsent:
                self._unsent = self._unsent[os.write(self._requests, self._unsent) :]
        except BlockingIOError:
            return  # the pipe is full until the child reads
        except BrokenPipeError:
            self._unsent = b""  # the replies' end says so next, after what the child still printed

    def _take(self, data: bytes) -> None:
        *lines, self._line = (self._line + data).split(b"\n")
        for line in lines:
            self._relay_line(line)
        while len(self._line) >= LONGEST_LINE:
            self._relay_line(self._line[:LONGEST_LINE])
            self._line = self._line[LONGEST_LINE:]

    def _end_line(self) -> None:
        if self._line:
            self._relay_line(self._line)
            self._line = b""

    def _relay_line(self, line: bytes) -> None:
        for start in range(0, len(line) or 1, LONGEST_LINE):
            self.relay(line[start : start + LONGEST_LINE].decode(errors="replace").rstrip("\r"))
