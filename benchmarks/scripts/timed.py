"""Scoring script: another one, named in BENCHMARK_SCRIPT, and a note of when each call of it began and ended.

Every system runs this one, so that all are timed alike: two looks at a clock that all processes share and one write of
16 bytes per mini-batch. The notes go into a file per process in the folder BENCHMARK_MARKS (benchmarks/marks.py).
"""

import importlib
import os
import time
from pathlib import Path
from struct import pack
from typing import Any, BinaryIO

loading = time.monotonic()
script = importlib.import_module(os.environ["BENCHMARK_SCRIPT"])
notes: list[BinaryIO] = []


def init() -> None:
    """Let the script load its model, and begin this process's notes."""
    getattr(script, "init", bool)()
    file = Path(os.environ["BENCHMARK_MARKS"], str(os.getpid())).open("ab", buffering=0)  # noqa: SIM115 - kept open
    file.write(pack("dd", loading, time.monotonic()))
    notes.append(file)


def run(mini_batch: list[str]) -> Any:
    """What the script returns for a mini-batch."""
    began = time.monotonic()
    rows = script.run(mini_batch)
    notes[0].write(pack("dd", began, time.monotonic()))
    return rows
