"""What all tests share: nobody's own Prefect or Batchpoint home is touched, and one embedded server for the session."""

import os
import tempfile
from pathlib import Path

import pytest

pytest_plugins = ["tests.server_fixture", "tests.store_fixtures"]


def pytest_configure(config: pytest.Config) -> None:
    """Prefect reads its home when it is imported, so the environment must say where before any test is collected."""
    folder = Path(tempfile.mkdtemp(prefix="batchpoint-tests-"))
    for name in [name for name in os.environ if name.startswith(("PREFECT_", "BATCHPOINT_"))]:
        del os.environ[name]
    os.environ["BATCHPOINT_HOME"] = str(folder / "batchpoint")
    os.environ["PREFECT_HOME"] = str(folder / "prefect")
    os.environ["DO_NOT_TRACK"] = "1"
    config.stash[FOLDER] = folder


def pytest_unconfigure(config: pytest.Config) -> None:
    import shutil

    shutil.rmtree(config.stash[FOLDER], ignore_errors=True)


FOLDER = pytest.StashKey[Path]()
