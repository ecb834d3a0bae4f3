"""The parts that figures come from, which must not be able to flatter anyone."""

from contextlib import suppress
from pathlib import Path
from struct import pack

import pandas as pd
import psutil
import pytest

from benchmarks import marks
from benchmarks.errors import BenchmarkError
from benchmarks.images import make_empty_files, make_images
from benchmarks.measure import measure, running
from benchmarks.peers.peer import ROWS, write_rows
from benchmarks.rows import Rows
from benchmarks.systems.peer_process import PeerProcess
from benchmarks.workspace import Workspace


@pytest.fixture
def workspace(tmp_path):
    return Workspace.make(tmp_path / "work")


def noop(workspace, files=40, size=10):
    inputs = make_empty_files(workspace.inputs, files)
    return workspace.work("noop", inputs / "000000", files=files, mini_batch_size=size, processes=2)


def test_images_are_the_same_each_time_and_no_two_are_alike(tmp_path):
    first, again = (make_images(tmp_path / name, 1100) for name in ("first", "again"))
    contents = {path.name: path.read_bytes() for path in first.iterdir()}
    assert contents == {path.name: path.read_bytes() for path in again.iterdir()}
    assert len(contents) == 1100
    assert len(set(contents.values())) == 1100


def test_more_images_than_there_are_shifts_for_are_refused(tmp_path):
    with pytest.raises(ValueError, match="1 to 25000 can"):
        make_images(tmp_path, 25_001)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("peer", ["loop", "pool"])
def test_a_peer_is_timed_by_the_calls_of_its_script(workspace, peer):
    work = noop(workspace)
    times = measure(PeerProcess(peer, peer, workspace.logs), work)
    assert times.marks.calls == 4
    assert times.began < times.marks.first_ready <= times.marks.first_began < times.marks.last_ended
    assert times.marks.last_ended < times.there <= times.gone
    assert len((work.output / ROWS).read_text().splitlines()) == 41


@pytest.mark.slow
def test_the_examples_script_runs_in_a_peer_with_the_digits_it_should_read(workspace):
    inputs = make_images(workspace.inputs, 20)
    work = workspace.work("batch_driver", inputs, files=20, mini_batch_size=10, processes=1)
    measure(PeerProcess("loop", "loop", workspace.logs), work)
    rows = pd.read_csv(work.output / ROWS)
    assert list(rows["file"]) == sorted(path.name for path in inputs.iterdir())
    assert list(rows["prediction"]) == [0] * 20


def test_a_peer_that_fails_is_an_error_with_what_it_said(workspace):
    work = noop(workspace).model_copy(update={"script": "not_there"})
    with pytest.raises(BenchmarkError, match=r"(?s)loop ended with exit code 1.*No module named 'not_there'"):
        measure(PeerProcess("loop", "loop", workspace.logs), work)


def test_a_peer_is_ended_when_the_benchmark_is(workspace):
    work = noop(workspace)
    (workspace.code / "noop.py").write_text("import time\n\n\ndef run(mini_batch):\n    time.sleep(600)\n")
    processes = []
    with suppress(KeyboardInterrupt), running(PeerProcess("pool", "pool", workspace.logs), work) as started:
        while len(processes) < 3:
            processes = started.roles()["job"]
        raise KeyboardInterrupt
    _, alive = psutil.wait_procs(processes, timeout=10)
    assert not alive


def test_scoring_lasts_from_the_first_call_of_any_process_to_the_last(tmp_path):
    (tmp_path / "11").write_bytes(pack("6d", 0, 1, 2, 3, 7, 9))
    (tmp_path / "12").write_bytes(pack("4d", 0, 4, 5, 6))
    (tmp_path / "13").write_bytes(pack("2d", 0, 4.5))  # was ready, and got nothing to do
    noted = marks.read(tmp_path)
    assert (noted.first_began, noted.last_ended, noted.inside) == (2, 9, 4)
    assert (noted.first_ready, noted.last_ready, noted.processes, noted.calls) == (1, 4, 2, 3)


@pytest.fixture
def output(tmp_path):
    def write(name: str, rows: list[str]) -> Path:
        write_rows(tmp_path / name, [rows[:1], rows[1:]])
        return tmp_path / name / ROWS

    return write


def test_the_order_of_rows_does_not_matter(output):
    rows = Rows()
    rows.check("one", output("one", ["a", "b", "c"]), 3)
    rows.check("other", output("other", ["c", "a", "b"]), 3)


@pytest.mark.parametrize("wrong", [["a", "b"], ["a", "b", "c", "c"], ["a", "b", "b"], ["a", "b", "d"]])
def test_missing_doubled_and_different_rows_fail_the_benchmark(output, wrong):
    rows = Rows()
    rows.check("right", output("right", ["a", "b", "c"]), 3)
    with pytest.raises(BenchmarkError, match="wrong"):
        rows.check("wrong", output("wrong", wrong), 3)


def test_a_system_that_was_given_fewer_files_is_compared_on_those(output):
    rows = Rows()
    rows.check("all", output("all", ["a", "b", "c"]), 3)
    rows.check("some", output("some", ["b", "a"]), 2)
    with pytest.raises(BenchmarkError, match="some"):
        rows.check("some", output("different", ["b", "d"]), 2)


def test_wider_floats_of_the_same_value_are_the_same_row(tmp_path):
    rows = Rows()
    for name, text in (("narrow", "0.9999982"), ("wide", "0.9999982118606567")):
        (tmp_path / name).write_text(f"file,probability\na.png,{text}\n")
        rows.check(name, tmp_path / name, 1)
    (tmp_path / "other").write_text("file,probability\na.png,0.9999981\n")
    with pytest.raises(BenchmarkError, match="1 rows of other"):
        rows.check("other", tmp_path / "other", 1)
