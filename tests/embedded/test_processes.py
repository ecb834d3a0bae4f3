"""Processes that outlive their command: known again without doubt, and ended with all they started."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from deployments.embedded import processes
from deployments.embedded.processes import Started

STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def stubborn() -> "subprocess.Popen[str]":
    return subprocess.Popen([sys.executable, "-c", STUBBORN, "some-token"], stdout=subprocess.PIPE, text=True)


def test_a_process_is_known_by_its_token_not_by_its_pid_alone() -> None:
    assert not Started(os.getpid(), "not in this command line").is_alive
    assert Started(os.getpid(), psutil.Process().cmdline()[-1]).is_alive


def test_a_process_whose_starter_did_not_live_to_write_its_pid_down_is_found(
    stubborn: "subprocess.Popen[str]",
) -> None:
    assert stubborn.stdout is not None
    with stubborn.stdout:
        stubborn.stdout.readline()
    processes.stop([Started(0, "some-token")], grace=0)
    stubborn.wait(5)
    assert not Started(0, "some-token").is_alive


def test_what_ignores_sigterm_is_killed_with_its_children(stubborn: "subprocess.Popen[str]") -> None:
    assert stubborn.stdout is not None
    with stubborn.stdout:
        child = psutil.Process(int(stubborn.stdout.readline()))
    processes.stop([Started(stubborn.pid, "some-token")], grace=0.2)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
    assert stubborn.wait(5) in {-9, 0}  # 0: psutil collected it first


def test_stopping_what_has_ended_does_nothing() -> None:
    ended = subprocess.Popen([sys.executable, "-c", "", "some-token"])
    ended.wait()
    processes.stop([Started(ended.pid, "some-token")])


def test_a_started_process_has_its_own_session_no_terminal_and_no_descriptor_of_ours(tmp_path: Path) -> None:
    held = os.open(tmp_path / "held", os.O_CREAT | os.O_RDWR)
    os.set_inheritable(held, True)
    started = processes.start("no-such-role", processes.announced(), tmp_path, os.environ, tmp_path / "log")
    process = psutil.Process(started.pid)
    try:
        assert os.getsid(started.pid) == started.pid != os.getsid(0)
        assert str(tmp_path / "held") not in [file.path for file in process.open_files()]
        process.wait(20)
    finally:
        os.close(held)
    assert "'no-such-role' is not a role; use server or worker" in (tmp_path / "log").read_text()
    assert not started.is_alive
