"""Which job an event was given to, kept in a file: once given it is given to no other, whatever happens meanwhile."""

import hashlib
import sqlite3
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

PATIENCE = 30.0
"""Seconds to wait while another process writes."""
KEPT = timedelta(days=7)
"""So long an event that is sent again is known; senders give up after a day or three."""
TABLE = """
pragma journal_mode = wal;
pragma synchronous = full;
create table if not exists assigned (event text primary key, key text not null, due real not null, at real not null);
create index if not exists assigned_at on assigned (at);
"""


@dataclass(frozen=True)
class Assignment:
    """The job that an event makes, or takes part in.

    Attributes:
        key: the job's idempotency key.
        due: when it begins.
    """

    key: str
    due: datetime


class Assignments:
    """Events with the jobs that they were given to.

    Args:
        file: where they are kept; left out, in memory.
    """

    def __init__(self, file: Path | None = None) -> None:
        if file is not None:
            file.touch(mode=0o600)
        self._lock = threading.Lock()
        self._kept = sqlite3.connect(file or ":memory:", timeout=PATIENCE, check_same_thread=False)
        self._kept.executescript(TABLE)

    def assign(self, hook: str, event: str, wanted: Assignment) -> Assignment:
        """Give an event of a hook to a job, unless it was given to one before; the job that it is given to.

        It is on disk when this returns, so whoever is told of the event again after a crash gives it to the same job.
        """
        text = f"{hook.lower()}\0{event}".encode(errors="backslashreplace")  # an id may be what is no text
        name = hashlib.sha256(text).hexdigest()
        now = datetime.now(UTC)
        row = (name, wanted.key, wanted.due.timestamp(), now.timestamp())
        with self._lock, self._kept as kept:
            kept.execute("delete from assigned where at < ?", ((now - KEPT).timestamp(),))
            kept.execute("insert or ignore into assigned values (?, ?, ?, ?)", row)
            key, due = kept.execute("select key, due from assigned where event = ?", (name,)).fetchone()
        return Assignment(key, datetime.fromtimestamp(due, UTC))
