"""What tokens did, a line of JSON for each request."""

import json
import logging
import logging.handlers
from datetime import UTC, datetime
from pathlib import Path


class Audit:
    """Appends to a file that only its owner can read."""

    def __init__(self, file: Path) -> None:
        self.file = file
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        self._handler = logging.handlers.WatchedFileHandler(file)

    def note(self, **done: object) -> None:
        """Write down what was done, with the time."""
        line = json.dumps({"at": datetime.now(UTC).isoformat(timespec="milliseconds"), **done})
        self._handler.handle(logging.makeLogRecord({"msg": line, "args": None}))
