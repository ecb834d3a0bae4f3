"""Slots lent to threads: what each holds is given back once, whenever the job ends."""

import os

import pytest

from scoring.errors import JobStoppedError
from scoring.fleet import Fleet
from tests.scoring.conftest import processes_with, write_files


def test_a_job_that_is_stopped_as_a_slot_replaces_its_process_gives_back_its_descriptors_once(
    make_manifest, tmp_path, mark
):
    before = set(os.listdir("/dev/fd"))
    fleet = Fleet(make_manifest("ok.py", write_files(tmp_path / "in", ["0"])).launch())
    with fleet.borrow() as (slot, _):
        slot.start()
        fleet.stop()  # by another thread, as a rule
        with pytest.raises(JobStoppedError):
            slot.start()
    # What is closed twice is an error at its end, or another file's by then.
    assert set(os.listdir("/dev/fd")) <= before
    assert processes_with(mark) == []
