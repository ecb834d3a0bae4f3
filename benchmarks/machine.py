"""The machine that was measured on, in general words, and whether anything else kept it busy."""

import os
import platform
import time
from importlib.metadata import PackageNotFoundError, version

import psutil
from pydantic import BaseModel

PACKAGES = (
    "batchpoint",
    "dask",
    "distributed",
    "numpy",
    "pandas",
    "pillow",
    "prefect",
    "prefect-dask",
    "ray",
    "torch",
)
QUIET = 10.0
"""Percent of all cores that others may use when a run begins."""


class Machine(BaseModel):
    """What results depend on."""

    cores: int
    memory_gib: int
    architecture: str
    system: str
    python: str
    packages: dict[str, str]

    def __str__(self) -> str:
        return f"{self.cores} cores, {self.memory_gib} GiB, {self.system} on {self.architecture}, Python {self.python}"


def describe() -> Machine:
    """The machine that measures."""
    return Machine(
        cores=len(os.sched_getaffinity(0)),
        memory_gib=round(psutil.virtual_memory().total / 2**30),
        architecture=platform.machine(),
        system=platform.system(),
        python=platform.python_version(),
        packages={name: found for name in PACKAGES if (found := _version(name))},
    )


def wait_until_quiet(patience: float) -> float:
    """Wait until nothing else runs, `patience` seconds at most; the percent of all cores in use at the end."""
    deadline = time.monotonic() + patience
    while (used := psutil.cpu_percent(0.5)) > QUIET and time.monotonic() < deadline:
        pass
    return used


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
