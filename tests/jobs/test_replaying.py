"""`batchpoint job replay`, on a job of a real server."""

import json
import subprocess

import pytest

from tests.jobs.conftest import Board, batchpoint

pytestmark = [pytest.mark.server, pytest.mark.slow]


def typed(*arguments: str, keys: str = "") -> "subprocess.CompletedProcess[str]":
    command = batchpoint("job", "replay", *arguments)
    stdout, stderr = command.communicate(keys or None, timeout=60)
    return subprocess.CompletedProcess(command.args, command.returncode, stdout, stderr)


def test_a_file_of_a_job_is_replayed_in_the_terminal_and_the_exit_code_says_how_it_went(board: Board) -> None:
    job = board.wait(board.invoke("picky", input=board.files("a.txt", "b.txt", "c.txt")), lambda now: now.has_ended)
    assert job.state == "CompletedWithErrors"
    failed = typed("-n", job.name, "--file", "b.txt")
    assert failed.returncode == 3
    assert failed.stdout == "meeting b.txt\nrun() failed as in the job: ValueError: not b (script.py:7 in meet)\n"
    assert failed.stderr.endswith("ValueError: not b\n")

    scored = typed("-n", job.name, "--file", "a.txt")
    assert scored.returncode == 0
    assert scored.stdout.splitlines() == [
        *("meeting a.txt", "prediction", "a.txt", "run() returned 1 row for 1 file, as it did in the job")
    ]
    debugged = typed("-n", job.name, "--mini-batch", "0", "--pdb", keys="p name\nq\n")
    assert "(Pdb) 'b.txt'\n" in debugged.stdout

    crashed = typed("-n", job.name, "--file", "c.txt")
    assert crashed.returncode == 3
    assert crashed.stdout.splitlines()[-1].endswith("killed by signal 6 (SIGABRT) (script.py:8 in meet)")
    assert 'script.py", line 8 in meet' in crashed.stderr

    missed = typed("-n", job.name, "--file", "d.txt")
    assert (missed.returncode, missed.stdout) == (1, "")
    assert missed.stderr.startswith("error: the job was not given a file 'd.txt'; did you mean ")
    shown, _ = batchpoint("job", "show", "-n", job.name).communicate(timeout=60)
    assert json.loads(shown)["files"]["failed"] == 2
