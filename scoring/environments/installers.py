"""What builds an environment: venv with pip, uv, or one of conda's kind."""

import os
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from ruamel.yaml import YAML

from scoring.environments.errors import InstallerMissingError
from scoring.environments.recipe import Recipe
from scoring.launch import OF_OUR_INTERPRETER

CONDA_TOOLS = ("micromamba", "mamba", "conda")
REQUIREMENTS = "requirements.txt"
CONDA_FILE = "environment.yml"
# They would have pip or uv install somewhere else, or look at packages of another interpreter.
MISLEADING = {"PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER", "PIP_PYTHON", *OF_OUR_INTERPRETER}
QUIET = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "PIP_PROGRESS_BAR": "off"}
FOR_UV = {"PIP_INDEX_URL": "UV_DEFAULT_INDEX", "PIP_EXTRA_INDEX_URL": "UV_INDEX", "PIP_NO_INDEX": "UV_NO_INDEX"}
# Classes of exceptions that pip names, and uv's and conda's words, where a package index does not answer.
NO_ANSWER = re.compile(
    r"NewConnectionError|NameResolutionError|ConnectTimeoutError|ReadTimeoutError|ProxyError|ProtocolError|"
    r"error sending request|dns error|CondaHTTPError|Could not resolve host"
)
OFFLINE = (
    "no package index could be reached; check the network, or name an index of your own in PIP_INDEX_URL or pip's "
    "configuration"
)


def commands(recipe: Recipe, folder: Path, target: Path) -> list[list[str]]:
    """The commands that build an environment, in turn; the files they read are written.

    Args:
        recipe: what is built.
        folder: where those files go.
        target: the environment's folder, which is not there yet.
    Raises: PythonMissingError, InstallerMissingError.
    """
    requirements = folder / REQUIREMENTS
    requirements.write_text("".join(f"{line}\n" for line in recipe.pip))
    if recipe.conda:
        return _conda(recipe, folder, target)
    base = recipe.interpreter().path
    python = str(target / "bin/python")
    if recipe.installer == "uv":
        uv = _found("uv", "install uv, or leave installer out, which has pip do it")
        return [
            [uv, "venv", "--python", base, str(target)],
            [uv, "pip", "install", "--python", python, "--requirement", str(requirements)],
        ]
    return [
        [base, "-I", "-m", "venv", str(target)],
        [python, "-I", "-u", "-m", "pip", "install", "--requirement", str(requirements)],
    ]


def variables(ours: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment variables of an installer: the user's own, index and proxies included, and no secrets of ours."""
    left_out = ("PREFECT_", "BATCHPOINT_")
    kept = {name: value for name, value in ours.items() if not name.startswith(left_out) and name not in MISLEADING}
    for_uv = {theirs: ours[name] for name, theirs in FOR_UV.items() if name in ours}
    return for_uv | kept | QUIET


def hint(lines: Sequence[str]) -> str:
    """What to add to an installer's last lines: whether it could not reach what it installs from."""
    return OFFLINE if any(NO_ANSWER.search(line) for line in lines) else ""


def _conda(recipe: Recipe, folder: Path, target: Path) -> list[list[str]]:
    tool = next((found for name in CONDA_TOOLS if (found := shutil.which(name))), None)
    if tool is None:
        raise InstallerMissingError(
            f"{', '.join(recipe.conda)} can only be installed by conda, and none of {', '.join(CONDA_TOOLS)} is on "
            "PATH; install one of them, or name what pip can install below pip:"
        )
    pip: list[object] = ["pip", {"pip": [f"-r {REQUIREMENTS}"]}] if recipe.pip else []
    written = {
        "channels": list(recipe.channels) or ["conda-forge"],
        "dependencies": [f"python{recipe.python}", *recipe.conda, *pip],
    }
    with (folder / CONDA_FILE).open("w") as file:
        YAML(typ="safe").dump(written, file)
    subcommand = ["create", "--yes"] if Path(tool).name == "micromamba" else ["env", "create"]
    return [[tool, *subcommand, "--prefix", str(target), "--file", str(folder / CONDA_FILE)]]


def _found(name: str, instead: str) -> str:
    beside = Path(sys.executable).with_name(name)
    path = shutil.which(name) or (str(beside) if beside.exists() else None)
    if path is None:
        raise InstallerMissingError(f"{name} is not on PATH; {instead}")
    return path
