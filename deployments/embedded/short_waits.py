"""SQLite connections that wait for the one writer for a moment only, so that a wait never holds up the whole server.

Prefect has each wait for up to 60 s inside SQLite, which holds the connection's mutex for so long. What else touches
the connection then, such as the garbage collector when it ends a statement (seen in a dump of the threads), stops the
only thread that serves: the transaction that has the lock cannot go on to give it back, and nothing is answered until
the 60 s are over. Who has waited for long enough is answered 503, and tried again by `patience` while others go on.
"""

from typing import Any

from sqlalchemy import event
from sqlalchemy.pool import Pool

MILLISECONDS = 2000
MARK = "waits are short"


def shorten_waits() -> None:
    """Have every connection that this process takes from a pool from now on wait so long at most."""
    event.listen(Pool, "checkout", _shorten)


def _shorten(connection: Any, record: Any, _: Any) -> None:
    """Not on "connect", where Prefect would set its own time after us."""
    if MARK in record.info:
        return
    record.info[MARK] = True
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {MILLISECONDS}")
    cursor.close()
