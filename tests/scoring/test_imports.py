"""scoring is usable alone: importing it, and scoring with it, needs no orchestrator."""

import subprocess
import sys


def test_importing_scoring_imports_no_orchestrator():
    code = "import sys, scoring; print([name for name in ('prefect', 'dask', 'distributed') if name in sys.modules])"
    told = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_everything_that_scoring_promises_can_be_imported():
    import scoring

    assert all(hasattr(scoring, name) for name in scoring.__all__)
