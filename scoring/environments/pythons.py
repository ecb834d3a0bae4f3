"""Interpreters on this machine: Batchpoint's own, those on PATH, and those of pyenv and uv."""

import json
import os
import platform
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from packaging.specifiers import SpecifierSet

from scoring.environments.errors import PythonMissingError

ON_PATH = re.compile(r"python(3\.\d+)")
VERSIONED = re.compile(r"(?:cpython-)?(\d+\.\d+\.\d+)(?:-.*)?")
PATCHES = range(64)  # there never was a version 3.x.64
PROBE = """\
import json, platform, sysconfig
print(json.dumps([platform.python_version(), platform.python_implementation(), sysconfig.get_platform()]))
"""
PROBE_TAKES = 30  # seconds
OLDEST = (3, 8)
"""That program.py runs under."""


@dataclass(frozen=True)
class Interpreter:
    """An interpreter that is there."""

    path: str
    version: str
    implementation: str
    platform: str

    @property
    def kind(self) -> str:
        """What packages that are installed for it depend on."""
        return f"{self.implementation} {self.version} {self.platform}"


@cache
def own() -> Interpreter:
    """The interpreter that Batchpoint itself runs under."""
    return Interpreter(
        sys.executable, platform.python_version(), platform.python_implementation(), sysconfig.get_platform()
    )


def find(wanted: str) -> Interpreter:
    """The interpreter that is asked for.

    Args:
        wanted: its path, or a PEP 440 specifier such as ==3.11.*; empty for Batchpoint's own. Of several that fit, that
            one is taken, else the newest.
    Raises: PythonMissingError, which says which ones there are.
    """
    if "/" in wanted:
        return _at(wanted)
    specifier = SpecifierSet(wanted)
    if own().version in specifier:
        return own()
    fitting = [each for each in _candidates(specifier) if each.version in specifier and _is_usable(each)]
    if not fitting:
        usable = {version for version, _ in _installed() if _by_number(version) >= OLDEST} | {own().version}
        known = ", ".join(sorted(usable, key=_by_number))
        raise PythonMissingError(
            f"Python {spelled(wanted)} is not on this machine; there is {known}. Ask for one of these, or install it: "
            "as pythonX.Y on PATH, with pyenv or with uv"
        )
    return max(fitting, key=lambda each: _by_number(each.version))


def spelled(wanted: str) -> str:
    """A specifier as people say it: ==3.11.* is 3.11."""
    return wanted.removeprefix("==").removesuffix(".*")


def _at(path: str) -> Interpreter:
    if sys.executable == path:
        return own()
    try:
        found = probe(path)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise PythonMissingError(
            f"{path} is no interpreter that can be started on this machine; give the path of a python, or a version "
            "such as 3.11"
        ) from error
    if not _is_usable(found):
        raise PythonMissingError(f"{path} is Python {found.version}; scoring scripts need Python 3.8 or later")
    return found


def _is_usable(interpreter: Interpreter) -> bool:
    return _by_number(interpreter.version) >= OLDEST


@cache
def probe(path: str) -> Interpreter:
    """Ask an interpreter what it is. Raises: OSError, ValueError or SubprocessError when it does not answer."""
    answer = subprocess.run(
        [path, "-I", "-S", "-c", PROBE], capture_output=True, check=True, timeout=PROBE_TAKES, stdin=subprocess.DEVNULL
    )
    return Interpreter(path, *json.loads(answer.stdout))


def _candidates(specifier: SpecifierSet) -> Iterator[Interpreter]:
    for version, path in _installed():
        if _may_fit(version, specifier):
            try:
                yield probe(str(path))
            except (OSError, ValueError, subprocess.SubprocessError):
                continue  # a broken one is none


def _may_fit(version: str, specifier: SpecifierSet) -> bool:
    """Whether the name of an interpreter, 3.11 or 3.11.7, lets it be one that fits."""
    if version.count(".") > 1:
        return version in specifier
    return any(f"{version}.{patch}" in specifier for patch in PATCHES)


def _installed() -> Iterator[tuple[str, Path]]:
    """Interpreters by the version in their names, as exact as those are."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or "~/.pyenv").expanduser()
    data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    uv = Path(os.environ.get("UV_PYTHON_INSTALL_DIR") or f"{data}/uv/python").expanduser()
    for folder in map(Path, os.get_exec_path()):
        # What pyenv puts on PATH are scripts, which fail for versions that are not switched on.
        if folder != pyenv / "shims" and folder.is_dir():
            yield from ((found[1], path) for path in folder.iterdir() if (found := ON_PATH.fullmatch(path.name)))
    for root in (pyenv / "versions", uv):
        for path in root.glob("*/bin/python3"):
            if found := VERSIONED.fullmatch(path.parents[1].name):
                yield found[1], path


def _by_number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))
