"""Packages as conda files name them, read as far as venv and pip can serve them.

Source: conda's package match specification.
"""

import re
from dataclasses import dataclass

from packaging.specifiers import InvalidSpecifier, SpecifierSet

PYTHON = re.compile(r"(?:[^:\s]+::)?python(?![\w.-])")
MATCH = re.compile(r"(?:[^:\s]+::)?(?P<name>[\w.-]+)\s*(?P<version>[=<>!~\d].*)?")
ANY_OF = re.compile(r"=?(?P<version>\d[\w.]*?)(?:\.?\*)?(?:[= ].*)?")
"""3.11, =3.11 and =3.11.* mean any 3.11.x; what may stand behind is a build."""
EXACT = re.compile(r"==(?P<version>\d[\w.]*?(?:\.\*)?)(?:[= ].*)?")


@dataclass(frozen=True)
class Match:
    """A package, and the versions of it that will do as a PEP 440 specifier."""

    name: str
    specifier: str


def read_match(text: str) -> Match:
    """Read one dependency of a conda file. Raises: ValueError for versions that PEP 440 has no words for."""
    found = MATCH.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no package with a version; write for example python=3.11")
    return Match(found["name"].lower(), _specifier(found["version"] or "", text))


def _specifier(version: str, text: str) -> str:
    if found := ANY_OF.fullmatch(version):
        return f"=={found['version']}.*"
    if found := EXACT.fullmatch(version):
        return f"=={found['version']}"
    try:
        return str(SpecifierSet(version))
    except InvalidSpecifier as error:
        raise ValueError(f"{text!r} cannot be read; write =3.11, or a range such as >=3.9,<3.12") from error
