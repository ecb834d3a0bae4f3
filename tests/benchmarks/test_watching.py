"""What following a job costs is counted in all processes, and told pair by pair."""

import os
import subprocess
import sys

import psutil

from benchmarks.results import Pair
from benchmarks.watching import _seconds_of, rows

BUSY = "import time; end = time.process_time() + 0.5\nwhile time.process_time() < end: pass"


def test_what_a_child_took_that_has_ended_is_in_its_parents_account():
    before = _seconds_of(psutil.Process(os.getpid()))
    subprocess.run([sys.executable, "-c", BUSY], check=True)
    assert 0.5 <= _seconds_of(psutil.Process(os.getpid())) - before < 5


def test_pairs_are_told_one_by_one_and_by_their_medians():
    told = rows([Pair(followed=10.2, alone=10), Pair(followed=9.9, alone=10), Pair(followed=22, alone=20)])
    assert [row["more"] for row in told] == ["+2.0%", "-1.0%", "+10.0%", "+2.0%"]
    assert told[-1] == {"pair": "median", "followed": "10.20", "alone": "10.00", "more": "+2.0%"}
