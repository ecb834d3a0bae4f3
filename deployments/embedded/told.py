"""The Prefect server that the user named, if they did."""

import importlib.util
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deployments.embedded.errors import ServerError
from deployments.embedded.home import Home, last_port
from scoring.home import home_path


@dataclass(frozen=True)
class Told:
    """An API address and who gave it."""

    api_url: str
    source: str


def told_server(use_profile: bool = True) -> Told | None:
    """The server that PREFECT_API_URL names, in the environment or, with `use_profile`, in Prefect's active profile.

    Prefect's files are read as Prefect reads them, without importing it.
    Raises: ServerError when the profiles cannot be read.
    """
    if url := os.environ.get("PREFECT_API_URL"):
        return Told(url, "PREFECT_API_URL in the environment")
    if not use_profile:
        return None
    document = _profiles(_shipped_profiles())
    path = _profiles_path()
    mine = _profiles(path)
    name = os.environ.get("PREFECT_PROFILE") or mine.get("active") or document.get("active")
    sections = {**document.get("profiles", {}), **mine.get("profiles", {})}
    url = sections.get(name, {}).get("PREFECT_API_URL")
    return Told(str(url), f"PREFECT_API_URL in Prefect's profile '{name}' ({path})") if url else None


def told_elsewhere(use_profile: bool = True) -> Told | None:
    """What told_server finds, unless it is the embedded server, as `batchpoint env` prints it."""
    told = told_server(use_profile)
    port = last_port(Home(home_path()))
    is_ours = told is not None and told.api_url.rstrip("/") == f"http://127.0.0.1:{port}/api"
    return None if is_ours else told


def _profiles_path() -> Path:
    if told := os.environ.get("PREFECT_PROFILES_PATH"):
        return Path(told).expanduser()
    return Path(os.environ.get("PREFECT_HOME") or "~/.prefect").expanduser() / "profiles.toml"


def _shipped_profiles() -> Path:
    spec = importlib.util.find_spec("prefect")
    if spec is None or spec.origin is None:
        raise ServerError("Prefect is not installed in this Python; install batchpoint again")
    return Path(spec.origin).parent / "settings" / "profiles.toml"


def _profiles(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ServerError(
            f"Prefect's profiles in {path} cannot be read: {error}; mend the file, or set PREFECT_API_URL"
        ) from error
