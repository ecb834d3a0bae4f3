"""The scoring process by itself: its messages, its deadline, its end, and what it costs."""

import fcntl
import os
import pickle
import select
import statistics
import sys
import termios
import time
from pathlib import Path

import pytest

from scoring.channel import PIPE_BYTES
from scoring.errors import (
    InitFailedError,
    JobStoppedError,
    MiniBatchesFailedError,
    OutputExistsError,
    SpoolError,
    TryFailedError,
)
from scoring.facts import Fault, Where
from scoring.fleet import Fleet
from scoring.launch import Launch
from scoring.process import ScoringProcess
from tests.scoring.conftest import MARK, SCRIPTS, line_of, processes_with, wait_for

pytestmark = pytest.mark.alone


@pytest.fixture
def launch(mark):
    def launch(script, *, init_timeout=20, python=sys.executable, **variables):
        return Launch(
            python=python,
            script=str(SCRIPTS / script),
            code=str(SCRIPTS),
            layout="csv",
            init_timeout=init_timeout,
            variables={MARK: mark, **variables},
        )

    return launch


@pytest.fixture
def start(launch, tmp_path):
    started = []

    def start(script, **how):
        process = ScoringProcess(launch(script, **how), str(tmp_path))
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.release()


def descriptors():
    return len(os.listdir("/proc/self/fd"))


def unread(pipe):
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, b"1234"), sys.byteorder)


@pytest.mark.slow
def test_fifty_starts_and_kills_leave_no_descriptor_process_or_file(launch, tmp_path, mark):
    before = descriptors()
    for number in range(50):
        process = ScoringProcess(launch("ok.py"), str(tmp_path))
        if number % 10 == 0:
            process.wait_ready()
        process.kill()
        process.release()
    assert descriptors() <= before
    assert list(tmp_path.iterdir()) == []
    assert processes_with(mark) == []


def test_a_failed_start_leaves_no_descriptor_or_file(launch, tmp_path):
    before = descriptors()
    with pytest.raises(ValueError, match="null byte"):
        ScoringProcess(launch("ok.py", BAD="nul\0l"), str(tmp_path))
    assert descriptors() <= before
    assert list(tmp_path.iterdir()) == []


def test_an_init_that_is_done_is_ready_however_late_anyone_asks(start):
    process = start("takes_a_context.py", init_timeout=0.3)
    answer = process._channel._replies
    assert wait_for(lambda: select.select([answer], [], [], 0)[0] and time.monotonic() - process._started > 0.4, 20)
    process.wait_ready()


def test_an_init_that_waited_for_us_to_read_gets_its_time_anew(start):
    process = start("init_prints_a_lot.py", init_timeout=2)
    process._started -= 2  # the input took that long to list
    lines = []
    process.relay = lines.append
    assert wait_for(lambda: unread(process._channel._output) > PIPE_BYTES * 0.9, 20)
    process.wait_ready()
    assert len(lines) == 5000
    assert sum(map(len, lines)) > PIPE_BYTES


def test_kill_from_another_thread_ends_a_run_at_once(start, tmp_path):
    import threading

    process = start("hangs_holding_the_gil.py")
    process.wait_ready()
    threading.Timer(0.2, process.kill).start()
    began = time.monotonic()
    with pytest.raises(TryFailedError):
        process.score(0, ["bad"], str(tmp_path / "spool"), 30)
    assert time.monotonic() - began < 2


def test_a_request_larger_than_a_pipe_is_sent_whole(start, tmp_path):
    process = start("returns_too_few_rows.py")
    process.wait_ready()
    files = [f"/input/{'x' * 200}/{number}" for number in range(5000)]
    assert process.score(0, files, str(tmp_path / "spool"), 20).rows == 4999


def test_a_reader_that_is_slow_loses_nothing_and_causes_no_timeout(start, tmp_path):
    process = start("prints_a_megabyte.py")
    process.wait_ready()
    received = []

    def slow(line):
        if len(received) % 1000 == 0:
            time.sleep(0.01)
        received.append(len(line))

    process.relay = slow
    process.score(0, ["x"], str(tmp_path / "spool"), 20)
    assert sum(received) == 13107 * 79 + (1 << 20)


def test_a_full_disk_is_no_failed_try(start):
    process = start("ok.py")
    process.wait_ready()
    with pytest.raises(SpoolError, match=r"cannot be written to /dev/full: No space left on device; make room there"):
        process.score(0, [__file__], "/dev/full", 20)


def test_the_stack_of_a_hang_is_kept_as_its_traceback(start, tmp_path):
    process = start("hangs_holding_the_gil.py")
    process.wait_ready()
    with pytest.raises(TryFailedError) as caught:
        process.score(0, ["bad"], str(tmp_path / "spool"), 0.3)
    fault = caught.value.fault
    assert fault.where == Where(
        file="hangs_holding_the_gil.py", line=line_of("hangs_holding_the_gil.py"), function="wait_in_c"
    )
    assert "in run" in fault.traceback
    assert not process.is_alive


def test_nothing_of_a_fleet_is_left_after_stop_even_while_processes_start(launch, mark):
    import threading

    before = descriptors()
    for pause in (0, 0.005, 0.02, 0.05):
        fleet = Fleet(launch("leaves_a_child.py", HOW="setsid"))
        refused = []

        def use(fleet=fleet, refused=refused):
            try:
                while True:
                    with fleet.borrow() as (slot, scratch):
                        slot.score(0, ["x"], str(scratch / "spool"), 10, lambda: None)
            except JobStoppedError as error:
                refused.append(error)

        threads = [threading.Thread(target=use) for _ in range(3)]
        for thread in threads:
            thread.start()
        threads[0].join(pause)  # what they are at by then is different each time
        fleet.stop()
        for thread in threads:
            thread.join(10)
        assert len(refused) == 3
        assert not fleet.scratch.exists()
        assert processes_with(mark) == []
    assert descriptors() <= before


def test_a_fleet_that_was_started_early_and_never_used_leaves_nothing(launch, mark):
    before = descriptors()
    fleet = Fleet(launch("ok.py"))
    fleet.start_early(range(3))
    assert wait_for(lambda: len(processes_with(mark)) >= 3, 5)
    assert fleet.close() == []
    assert descriptors() <= before
    assert not fleet.scratch.exists()


@pytest.mark.parametrize(
    "error",
    [
        InitFailedError("init", Fault(error="ValueError", message="no", where=Where(file="a.py", line=3))),
        TryFailedError(7, Fault(error="timeout", message="slow")),
        MiniBatchesFailedError(3, Fault(error="E", message="m"), 2, 2, 4),
        OutputExistsError("/out/predictions.csv"),
        JobStoppedError(),
    ],
)
def test_errors_survive_pickling_with_their_sentence(error):
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert again.args == error.args


def test_a_failed_chunk_says_which_mini_batch_which_try_and_why():
    error = MiniBatchesFailedError(3, Fault(error="E", message="m"), 2, 2, 4)
    assert str(error) == "mini-batch 3 (and 1 more of its chunk) failed, try 2 of 4: E: m"


@pytest.mark.slow
def test_an_exchange_costs_little(start, tmp_path):
    process = start("init_fails_on_restart.py", MARKER=str(tmp_path / "marker"))
    process.wait_ready()
    spool, files = str(tmp_path / "spool"), [f"/input/{number}" for number in range(10)]
    for index in range(200):
        process.score(index, files, spool, 30)
    rounds = []
    for _ in range(10):
        began = time.perf_counter()
        for index in range(200):
            process.score(index, files, spool, 30)
        rounds.append((time.perf_counter() - began) / 200)
    print(f"an exchange of a no-op mini-batch: {statistics.median(rounds) * 1e6:.0f} microseconds")
    assert statistics.median(rounds) < 0.002


@pytest.mark.slow
def test_a_process_with_an_empty_script_starts_in_a_moment(launch, tmp_path):
    seconds = []
    for _ in range(10):
        began = time.perf_counter()
        process = ScoringProcess(launch("ok.py"), str(tmp_path))
        process.wait_ready()
        seconds.append(time.perf_counter() - began)
        process.kill()
        process.release()
    print(f"a scoring process starts in {statistics.median(seconds) * 1e3:.0f} ms")
    assert statistics.median(seconds) < 2


def pythons():
    """Every interpreter from 3.8 to 3.13 that this machine has, one of each version."""
    import shutil

    found = {}
    for minor in range(8, 14):
        installed = sorted(Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python"))
        on_path = shutil.which(f"python3.{minor}")
        if installed or (on_path and ".pyenv/shims" not in on_path):
            found[f"3.{minor}"] = str(installed[-1] if installed else on_path)
    return found


PYTHONS = pythons()


@pytest.mark.parametrize("version", PYTHONS)
def test_the_program_runs_under_other_pythons_with_nothing_installed(score_with, version):
    outcome = score_with("hangs_holding_the_gil.py", ["1,\r", "2-bad"], timeout=0.5, python=PYTHONS[version])
    assert outcome.counts == (1, 1, 0, 0)
    assert outcome.rows.endswith('1,\r"\n')
    [failure] = outcome.failures
    assert failure["where"] == f"hangs_holding_the_gil.py:{line_of('hangs_holding_the_gil.py')} in wait_in_c"
