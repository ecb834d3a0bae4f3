"""A flow that runs until it is told to end by a file."""

import os
import time
from pathlib import Path

from prefect import flow


@flow(name="waiting")
def wait(folder: str) -> None:
    """Write this process's id into `folder`, and go on until there is a file called end."""
    Path(folder, "pid").write_text(str(os.getpid()))
    while not Path(folder, "end").exists():
        time.sleep(0.05)
