"""The folder that holds all that Batchpoint keeps on this machine."""

import os
from pathlib import Path


def home_path() -> Path:
    """BATCHPOINT_HOME (default ~/.batchpoint) as an absolute path; it may not exist."""
    return Path(os.environ.get("BATCHPOINT_HOME") or "~/.batchpoint").expanduser().absolute()
