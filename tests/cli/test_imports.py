"""Commands begin at once: what takes long to import is imported when it is needed."""

import subprocess
import sys


def test_the_help_of_the_command_line_waits_for_nothing_that_takes_long_to_import():
    code = """
import sys
from deployments.cli.main import batchpoint
batchpoint.main(["--help"], standalone_mode=False)
print([name for name in ("prefect", "dask", "pyarrow", "numpy", "pandas", "rich") if name in sys.modules])
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.splitlines()[-1] == "[]"
