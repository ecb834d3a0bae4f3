"""What ran: names, versions and digests, and the settings that differ from their defaults."""

import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from scoring.manifest import Manifest, Versioned
from scoring.settings import Settings
from scoring.summary import Summary


def versions_of(manifest: Manifest, summary: Summary) -> list[tuple[str, str, str]]:
    """What each thing is called, and its digest, where there is one."""
    script = f"{Path(manifest.script).name} in {manifest.code}"
    named = [("endpoint", manifest.endpoint, ""), ("deployment", manifest.deployment, "")]
    return [
        *(each for each in named if each[1]),
        ("model", f"{model_of(manifest)}{_how_given(manifest)}", manifest.model.digest if manifest.model else ""),
        ("script", script, manifest.code_digest),
        (
            "environment",
            _named(manifest.environment) or manifest.python,
            manifest.environment.digest if manifest.environment else "",
        ),
        ("predictions", summary.rows_file or "no rows", summary.sha256 or ""),
        ("Batchpoint", own_version(), ""),
        ("Python of Batchpoint", platform.python_version(), ""),
    ]


def model_of(manifest: Manifest) -> str:
    """The model's name and version; one that is not registered is the one thing in its folder."""
    if manifest.model is not None:
        return _named(manifest.model)
    if manifest.model_dir is None:
        return "none"
    return ", ".join(sorted(path.name for path in Path(manifest.model_dir).glob("*")))


def own_version() -> str:
    """The version of this program."""
    try:
        return version("batchpoint")
    except PackageNotFoundError:  # run from a folder that nobody installed
        return "not installed"


def settings_of(settings: Settings) -> list[tuple[str, str, bool]]:
    """Every setting, its value, and whether it is not the default. Values of environment variables may be secrets."""
    given, defaults = _flat(settings.model_dump(mode="json")), _flat(Settings().model_dump(mode="json"))
    names = ", ".join(settings.environment_variables) or "none"
    rows = [(name, _said(value), value != defaults.get(name)) for name, value in given.items()]
    return [*rows, ("environment_variables (names)", names, bool(settings.environment_variables))]


def _flat(settings: dict[str, Any]) -> dict[str, Any]:
    left = {name: value for name, value in settings.items() if name != "environment_variables"}
    inner = left.pop("retry_settings")
    return left | {f"retry_settings.{name}": value for name, value in inner.items()}


def _said(value: Any) -> str:
    return "not set" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _how_given(manifest: Manifest) -> str:
    is_path = manifest.model is None and manifest.model_dir is not None
    return " (given as a path, without name and version)" if is_path else ""


def _named(thing: Versioned | None) -> str:
    return f"{thing.name} version {thing.version}" if thing is not None else ""
