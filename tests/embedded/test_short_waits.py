"""A connection to SQLite waits for the one writer for a moment, whatever was set when it was made."""

from pathlib import Path

from sqlalchemy import create_engine, event, text
from sqlalchemy.pool import Pool

from deployments.embedded import short_waits


def test_a_connection_has_our_time_although_another_was_set_first(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/one.db")
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout = 60000"))
    short_waits.shorten_waits()
    try:
        for _ in range(2):
            with engine.connect() as connection:
                assert connection.execute(text("PRAGMA busy_timeout")).scalar() == short_waits.MILLISECONDS
    finally:
        event.remove(Pool, "checkout", short_waits._shorten)
        engine.dispose()
