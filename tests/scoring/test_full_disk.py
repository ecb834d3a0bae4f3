"""A disk that is full ends a job, keeps what was stored, and is blamed on no file; with room again the job goes on."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.scoring.conftest import SCRIPTS, write_files

ALONE = ["unshare", "--map-root-user", "--mount"]
NAMES = [f"{number:03d}" for number in range(200)]


@pytest.mark.slow
def test_a_full_disk_costs_no_file_and_nothing_that_was_stored(tmp_path):
    if subprocess.run([*ALONE, "true"], capture_output=True).returncode:
        pytest.skip("no disk can be mounted here: unshare is missing or not allowed")
    (tmp_path / "disk").mkdir()
    (tmp_path / "log").touch()
    arguments = [tmp_path / "disk", write_files(tmp_path / "in", NAMES), SCRIPTS / "writes_a_kilobyte.py"]
    program = [sys.executable, Path(__file__).with_name("full_disk.py"), *arguments, tmp_path / "log"]
    environment = {**os.environ, "PYTHONPATH": str(SCRIPTS.parents[1])}
    run = subprocess.run([*ALONE, *program], capture_output=True, text=True, env=environment)
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)

    assert told["first"][0] == 1, told
    assert "No space left on device" in told["first"][1]
    assert told["second"] == [0, ""]
    assert [row.strip("x") for row in told["rows"]] == NAMES
    assert told["failures"] == ""
    stored = {name for number, name in enumerate(NAMES) if number // 5 in told["stored"]}
    assert stored, "some of it had room"
    assert stored.isdisjoint(told["calls"][1]), "what was stored is not done again"
