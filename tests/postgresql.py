"""A real PostgreSQL on loopback, with a database for Prefect in it."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deployments.embedded.health import free_port

USER = "postgres"
"""PostgreSQL refuses to run as root; Debian's package brings this user."""
INSTALLED = Path("/usr/lib/postgresql")


def why_no_postgresql() -> str:
    """Why PostgreSQL cannot be started here; empty when it can."""
    if _programs() is None:
        return "PostgreSQL is not installed; on Debian: apt-get install postgresql"
    if os.geteuid() == 0 and USER not in {entry.pw_name for entry in pwd.getpwall()}:
        return f"PostgreSQL does not run as root, and there is no user {USER!r}"
    return ""


@contextmanager
def postgresql() -> Iterator[str]:
    """Start PostgreSQL; gives the URL of a database, as Prefect takes it. It is ended with the context."""
    with tempfile.TemporaryDirectory(prefix="batchpoint-postgresql-") as folder:
        yield from _running(Path(folder))


def _running(folder: Path) -> Iterator[str]:
    programs, port = _programs(), free_port()
    assert programs is not None
    data, password = folder / "data", folder / "password"
    password.write_text("secret")
    if os.geteuid() == 0:
        for each in (folder, password):
            shutil.chown(each, USER)
    _run(programs / "initdb", "-D", data, "-U", "prefect", "--auth=scram-sha-256", "--pwfile", password, "--no-sync")
    options = f"-c listen_addresses=127.0.0.1 -p {port} -c unix_socket_directories={folder}"
    _run(programs / "pg_ctl", "-D", data, "-l", folder / "log", "-o", options, "-w", "start")
    try:
        yield f"postgresql+asyncpg://prefect:secret@127.0.0.1:{port}/postgres"
    finally:
        _run(programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")


def _programs() -> Path | None:
    found = sorted(INSTALLED.glob("*/bin/initdb"), key=lambda program: int(program.parts[-3].partition(".")[0]))
    there = str(found[-1]) if found else shutil.which("initdb")
    return Path(there).parent if there else None


def _run(*command: object) -> None:
    user = USER if os.geteuid() == 0 else None
    group = USER if user else None
    done = subprocess.run(
        [str(part) for part in command],
        user=user,
        group=group,
        extra_groups=[] if user else None,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{done.stdout}")
