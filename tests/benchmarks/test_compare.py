"""The comparison itself, small: all systems but Ray, on the session's server."""

import json
import os
import subprocess
import sys

import pytest

from benchmarks.work import REPOSITORY
from deployments.embedded.home import home

BATCHPOINT = os.path.join(os.path.dirname(sys.executable), "batchpoint")


@pytest.mark.server
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_all_systems_come_to_the_same_rows_and_each_is_timed_stage_by_stage(server, tmp_path):
    folders = ["--workspace", str(tmp_path / "work"), "--results", str(tmp_path / "results"), "--home", str(home())]
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks.compare", "--quick", *folders],
        cwd=REPOSITORY,
        env={name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")},
        capture_output=True,
        text=True,
    )
    subprocess.run([BATCHPOINT, "batch-endpoint", "delete", "--name", "benchmark", "--yes"], check=True)
    assert told.returncode == 0, told.stdout + told.stderr
    result = json.loads((tmp_path / "results" / "compare.json").read_text())
    systems = [run["system"] for run in result["runs"]]
    assert systems == ["loop", "pool", "batchpoint", "dask-grouped", "prefect-dask"]
    assert all(run["mini_batches"] == 20 and run["files"] == 200 for run in result["runs"])
    assert all(0 < run["scoring"] < run["gone"] and run["inside"] > 0 for run in result["runs"])
    assert [one["system"] for one in result["peaks"] if one["servers"]] == ["batchpoint"]
    assert all(one["job"]["all"] > 10**7 for one in result["peaks"])
    assert set(result["peaks"][2]["job"]) >= {"flow", "scoring", "all"}
    table = (tmp_path / "results" / "compare.md").read_text()
    assert "| Batchpoint " in table
