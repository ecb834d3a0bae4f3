"""When the flow's process is killed, nothing that its scripts started is left."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.scoring.conftest import SCRIPTS, processes_with, wait_for, write_files

pytestmark = pytest.mark.alone


@pytest.mark.parametrize("forks", ["", "and a copy of the flow lives on"])
def test_kill_9_of_the_flow_takes_everything_with_it_within_two_seconds(tmp_path, mark, forks):
    folder = write_files(tmp_path / "in", ["1", "2"])
    (tmp_path / "hanging").mkdir()
    arguments = [SCRIPTS / "hangs_after_setsid.py", folder, tmp_path / "hanging", mark, forks]
    with subprocess.Popen(
        [sys.executable, Path(__file__).with_name("killed_flow.py"), *arguments],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(SCRIPTS.parents[1]), "TMPDIR": str(tmp_path)},
        start_new_session=True,
    ) as flow:
        assert flow.stdout is not None
        assert flow.stdout.readline() == b"hanging\n"
        assert wait_for(lambda: len(processes_with(mark)) == 2 * (1 + 3), 5)  # guardians and scripts with two children
        flow.send_signal(signal.SIGKILL)
        began = time.monotonic()
        assert wait_for(lambda: processes_with(mark) == [], 5)
        assert time.monotonic() - began < 2
        os.killpg(flow.pid, signal.SIGKILL)  # the copy, which is the test's own


def test_a_guardian_that_is_killed_takes_the_script_with_it(score_with):
    outcome = score_with("kills_its_guardian.py", ["1-good", "2-bad", "3-good"])
    assert outcome.counts == (2, 1, 0, 0)
    assert "the scoring process and its guardian were both killed from outside" in outcome.failures[0]["message"]
