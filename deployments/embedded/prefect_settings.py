"""Prefect's settings, in a process that imported Prefect before it knew its environment.

Reading them takes 30 ms and setting up the logs, which reads them all, 65: a fork does it only where something changed.
"""

import logging
import os
from pathlib import Path

IN_FOLDER = ("prefect.toml", "pyproject.toml", ".env")
_last: object = None


def read_again(*, logs: bool) -> None:
    """Have Prefect read its settings as the environment, the folder and the profile are now, unless it has.

    Args:
        logs: whether its logs are set up anew as well.
    """
    global _last
    if (now := _sources()) == _last:
        return
    from prefect.context import refresh_global_settings_context
    from prefect.logging.configuration import setup_logging

    refresh_global_settings_context()
    if logs:
        _forget_handlers()
        setup_logging(incremental=False)
        _last = now


def _forget_handlers() -> None:
    """Prefect adds its handlers to extra loggers each time: with two of them a job's log has every line twice."""
    from prefect.settings import PREFECT_LOGGING_EXTRA_LOGGERS

    for name in PREFECT_LOGGING_EXTRA_LOGGERS.value():
        logging.getLogger(name).handlers.clear()


def _sources() -> object:
    """All that Prefect's settings come from; names with two underscores tell one flow run what it is."""
    named = {name: value for name, value in os.environ.items() if name.startswith("PREFECT_")}
    variables = {name: value for name, value in named.items() if not name.startswith("PREFECT__")}
    home = Path(os.environ.get("PREFECT_HOME") or "~/.prefect").expanduser()
    profiles = Path(os.environ.get("PREFECT_PROFILES_PATH") or home / "profiles.toml")
    files = [profiles, home / "logging.yml", *(Path.cwd() / name for name in IN_FOLDER)]
    return variables, [(str(file), file.stat().st_mtime_ns) for file in files if file.exists()]
