"""What a scoring process is started with."""

import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)
MEMORY_VARIABLES = {
    "MALLOC_TRIM_THRESHOLD_": "67108864",
    "MALLOC_MMAP_THRESHOLD_": "33554432",
    "MALLOC_TOP_PAD_": "16777216",
}
"""Bytes of freed memory that glibc keeps, up to 64 MiB, for the next mini-batch. By default it gives back what one has
freed, and the kernel has to clear it anew for the next: a fifth of the CPU that small images took (measured)."""


OF_OUR_INTERPRETER = ("PYTHONPATH", "PYTHONHOME", "PYTHONUSERBASE", "VIRTUAL_ENV", "CONDA_PREFIX", "CONDA_DEFAULT_ENV")


DEVICES = "/dev"
DEVICE = re.compile(r"nvidia\d+")


def devices() -> list[str]:
    """The GPUs that scoring processes on this machine may use, each as CUDA_VISIBLE_DEVICES names it."""
    told = os.environ.get("CUDA_VISIBLE_DEVICES")
    if told is not None:
        return [each.strip() for each in told.split(",") if each.strip()]
    # CUDA numbers those that it sees from 0 on, whatever their files are called in this container.
    return [str(number) for number, _ in enumerate(filter(DEVICE.fullmatch, os.listdir(DEVICES)))]


@dataclass(frozen=True)
class Launch:
    """What the scoring process of a slot is started with; paths are absolute and local, durations seconds, sizes bytes.

    Files that the script writes itself are collected after each try and kept below `own_files`, a URL, or thrown away
    where that is empty; with `shared_output`, a folder, they stay in there and are nobody's in particular. `images` is
    what is set of settings.images, as JSON.
    """

    python: str
    script: str
    code: str
    layout: str
    logging_level: str = "info"
    init_timeout: float = 300
    threads: int = 1
    variables: dict[str, str] = field(default_factory=dict)
    literals: Mapping[str, str | float] = field(default_factory=dict)
    own_files: str = ""
    shared_output: str | None = None
    memory_limit: int | None = None
    slot: int = 0
    rows_per_chunk: int = 0
    images: str = "{}"

    def load_request(self) -> dict[str, Any]:
        """The first message to the scoring process: what it loads."""
        return {
            "kind": "load",
            "script": self.script,
            "code": self.code,
            "logging_level": self.logging_level,
            "arguments": ["--logging_level", self.logging_level.upper()],
            "literals": dict(self.literals),
        }

    def score_request(
        self, index: int, files: list[str], spool: str, relative_paths: Sequence[str] = ()
    ) -> dict[str, Any]:
        """The message that has run() called: with which mini-batch's files, and where its rows go."""
        request = {"kind": "score", "index": index, "files": files, "spool": spool, "layout": self.layout}
        return request | {"relative_paths": list(relative_paths)}

    def environment(self, output: str) -> dict[str, str]:
        """The child's environment: ours without the orchestrator's settings and secrets, then the deployment's own.

        Args:
            output: the folder that the script may write files of its own into.
        """
        ours = {key: value for key, value in os.environ.items() if not key.startswith(("PREFECT_", "BATCHPOINT_"))}
        kept = MEMORY_VARIABLES | (ours if self.python == sys.executable else _elsewhere(ours, self.python))
        kept.update(PYTHONUNBUFFERED="1", PYTHONDONTWRITEBYTECODE="1")
        # A script that iterates over a set must give the same bytes each time, and print any file's name.
        kept.update(PYTHONHASHSEED="0", PYTHONIOENCODING="utf-8:backslashreplace")
        kept.update(dict.fromkeys(THREAD_VARIABLES, str(self.threads)))
        kept.update(AZUREML_BI_OUTPUT_PATH=output, AZUREML_PROCESS_NAME=f"process{self.slot:03d}")
        kept.update(BATCHPOINT_LAYOUT=self.layout, BATCHPOINT_ROWS_PER_CHUNK=str(self.rows_per_chunk))
        kept.update(BATCHPOINT_IMAGES=self.images)
        if found := devices():
            kept.update(CUDA_VISIBLE_DEVICES=found[self.slot % len(found)])
            kept.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")  # else the first slot takes all memory of a device
        kept.update(self.variables)
        return kept


def _elsewhere(ours: Mapping[str, str], python: str) -> dict[str, str]:
    """Our environment for another interpreter: without our packages, and with its own programs first."""
    kept = {name: value for name, value in ours.items() if name not in OF_OUR_INTERPRETER}
    folders = [str(Path(python).parent), ours.get("PATH", os.defpath)]
    return {**kept, "PATH": os.pathsep.join(folders)}
