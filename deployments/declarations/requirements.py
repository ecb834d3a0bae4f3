"""Files that list what pip installs: a requirements.txt, a pyproject.toml, a pylock.toml."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deployments.declarations.errors import DeclarationError

COMMENT = re.compile(r"(^|\s)#.*$")
CONTINUED = re.compile(r"\\\n")
INCLUDED = ("-r", "--requirement")
WITH_PATH = ("-f", "--find-links")
NOT_CONTENT = {
    "-e": "an editable project changes under the environment; build a wheel of it and give that",
    "--editable": "an editable project changes under the environment; build a wheel of it and give that",
    "-c": "write its constraints among the requirements",
    "--constraint": "write its constraints among the requirements",
}
OTHER_LOCKS = {
    "uv.lock": "uv export --format pylock.toml --output-file pylock.toml",
    "poetry.lock": "poetry export --output requirements.txt",
    "pdm.lock": "pdm export --format pylock --output pylock.toml",
    "Pipfile.lock": "pipenv requirements > requirements.txt",
}
LOCAL = re.compile(r"\.{1,2}/|~/")


@dataclass(frozen=True)
class Listed:
    """What a file lists: lines as pip reads them, whatever folder it runs in, and the Python that they are for."""

    lines: list[str]
    python: str | None = None


def read_requirements(file: Path) -> Listed:
    """What pip installs, as a file of any of the three kinds says.

    Raises: DeclarationError when it cannot be read, or says what would not be the same tomorrow.
    """
    if file.name in OTHER_LOCKS:
        raise DeclarationError(f"{file} is a lock file of another kind; type: {OTHER_LOCKS[file.name]}, and give that")
    if file.suffix != ".toml":
        return Listed(list(_lines(file, ())))
    try:
        written = tomllib.loads(_text(file))
    except tomllib.TOMLDecodeError as error:
        raise DeclarationError(f"{file}: is not TOML: {error}") from error
    if "lock-version" in written:
        return Listed(
            [_locked(file, each) for each in written.get("packages", []) if _is_default(each)], _python(written)
        )
    project = written.get("project")
    if not isinstance(project, Mapping) or "dependencies" in project.get("dynamic", []):
        raise DeclarationError(f"{file}: has no list of dependencies below [project]; give a requirements.txt")
    return Listed(list(project.get("dependencies", [])), _python(project))


def anchored(line: str, folder: Path) -> str:
    """A line of pip's with the paths in it absolute; folder is where they begin. Raises: DeclarationError."""
    option, value = _split(line)
    if option in NOT_CONTENT:
        raise DeclarationError(f"{line}: {NOT_CONTENT[option]}")
    if option in WITH_PATH and "://" not in value:
        return f"{option} {_absolute(value, folder)}"
    return _absolute(line, folder) if LOCAL.match(line) else line


def _lines(file: Path, within: tuple[Path, ...]) -> Iterator[str]:
    if file in within:
        raise DeclarationError(f"{file}: includes itself")
    for raw in CONTINUED.sub(" ", _text(file)).splitlines():
        line = " ".join(COMMENT.sub("", raw).split())
        option, value = _split(line)
        if option in INCLUDED:
            yield from _lines(file.parent / value, (*within, file))
        elif line:
            yield anchored(line, file.parent)


def included(lines: Iterable[str], folder: Path) -> list[str]:
    """Lines for pip with those of files that they include in place of `-r FILE`. Raises: DeclarationError."""
    found: list[str] = []
    for line in lines:
        option, value = _split(line)
        found += _lines(folder / value, ()) if option in INCLUDED else [anchored(line, folder)]
    return found


def _split(line: str) -> tuple[str, str]:
    """An option and its value; a requirement and what stands behind its first space."""
    option, _, value = (line.replace("=", " ", 1) if line.startswith("--") else line).partition(" ")
    return option, value.strip()


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise DeclarationError(
            f"{file} cannot be read: {error.strerror}; give the path of a requirements.txt"
        ) from error
    except UnicodeDecodeError as error:
        raise DeclarationError(f"{file}: is not UTF-8 text at byte {error.start}; save it as UTF-8") from error


def _absolute(path: str, folder: Path) -> str:
    return str((folder / Path(path).expanduser()).absolute())


def _is_default(package: Mapping[str, Any]) -> bool:
    """Whether a locked package is of no extra and no group that must be asked for."""
    return not re.search(r"\b(extras|dependency_groups)\b", package.get("marker", ""))


def _locked(file: Path, package: Mapping[str, Any]) -> str:
    """A package of a lock file, as pip's requirements have it. Source: PEP 751."""
    name, version = package["name"], package.get("version")
    files = [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]
    if version is None or not files:
        raise DeclarationError(f"{file}: {name} is locked to a folder or a repository; only packages can be installed")
    hashes = sorted(f"--hash={kind}:{digest}" for each in files for kind, digest in each["hashes"].items())
    marker = f" ; {package['marker']}" if "marker" in package else ""
    return " ".join([f"{name}=={version}{marker}", *hashes])


def _python(written: Mapping[str, Any]) -> str | None:
    return written.get("requires-python")
