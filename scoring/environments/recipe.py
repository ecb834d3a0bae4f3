"""What an environment is made of, normalised: two declarations that come to the same are one environment."""

import hashlib
from typing import Literal

from pydantic import Field

from scoring.environments.pythons import Interpreter, find
from scoring.facts import Record

DIGEST_LENGTH = 16
"""Hexadecimal digits: the folder is in the first line of each script in it, which Linux cuts after 127 bytes."""
Installer = Literal["pip", "uv"]


class Recipe(Record):
    """What an environment is made of; without packages it is an interpreter as it is, and nothing is built.

    A conda part beyond Python itself makes it an environment of conda's, which brings its own Python.
    """

    python: str = Field("", description="Path of an interpreter, or a PEP 440 specifier; empty: Batchpoint's own.")
    pip: tuple[str, ...] = Field((), description="Lines of a requirements file.")
    conda: tuple[str, ...] = Field((), description="What conda installs beside Python, in conda's own notation.")
    channels: tuple[str, ...] = ()
    installer: Installer = "pip"
    variables: dict[str, str] = Field(default_factory=dict, description="Environment variables of its processes.")

    @property
    def is_built(self) -> bool:
        """Whether there is something to install."""
        return bool(self.pip or self.conda)

    def interpreter(self) -> Interpreter:
        """The interpreter on this machine that it is, or is built on. Raises: PythonMissingError."""
        return find(self.python)

    def digest(self) -> str:
        """What tells a built environment from others on this machine: content, platform and Python version.

        Raises: PythonMissingError.
        """
        content = self.model_dump_json(exclude={"variables"})
        # Conda brings the Python that its solver chooses; the machine's own has no part in it.
        ground = find("").platform if self.conda else self.interpreter().kind
        return hashlib.sha256(f"{content}\n{ground}".encode()).hexdigest()[:DIGEST_LENGTH]
