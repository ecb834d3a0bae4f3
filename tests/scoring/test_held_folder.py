"""Folders for a while: what a killed process left is removed by the next one, and nothing that somebody holds."""

import errno
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from scoring.held_folder import HeldFolder

HOLDS = """
import sys, time
from scoring.held_folder import HeldFolder
held = HeldFolder("test", sys.argv[1])
(held.path / "file").write_bytes(b"left")
print(held.path, flush=True)
time.sleep(60)
"""


def test_what_a_killed_process_left_is_removed_by_the_next_one_and_what_a_living_one_holds_is_not(tmp_path):
    with subprocess.Popen([sys.executable, "-c", HOLDS, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        theirs = process.stdout.readline().strip()
        mine = HeldFolder("test", str(tmp_path))
        assert os.listdir(theirs) == ["file"]
        process.send_signal(signal.SIGKILL)
        process.wait()
    other = HeldFolder("test", str(tmp_path))
    assert sorted(tmp_path.iterdir()) == sorted([mine.path, other.path])


def test_a_removed_folder_is_gone_with_what_was_put_into_it_afterwards(tmp_path):
    held = HeldFolder("test", str(tmp_path))
    held.remove()
    held.path.mkdir()
    held.remove()
    assert list(tmp_path.iterdir()) == []


def test_in_a_with_it_is_there_for_the_block_and_gone_after_it_also_where_that_fails(tmp_path):
    with suppress(ValueError), HeldFolder("test", str(tmp_path)) as path:
        (path / "file").write_bytes(b"mine")
        raise ValueError
    assert list(tmp_path.iterdir()) == []


def test_nobody_takes_the_folder_that_another_one_is_just_making(tmp_path):
    with ThreadPoolExecutor(16) as threads:
        held = list(threads.map(lambda _: HeldFolder("test", str(tmp_path)), range(200)))
    assert sorted(tmp_path.iterdir()) == sorted(one.path for one in held)


def test_where_folders_cannot_be_locked_there_is_one_all_the_same_and_nobody_removes_it(tmp_path, monkeypatch):
    def refuse(descriptor, operation):
        raise OSError(errno.EBADF, "as NFS says of a folder")

    monkeypatch.setattr("scoring.held_folder.fcntl.flock", refuse)
    with HeldFolder("test", str(tmp_path)) as path, HeldFolder("test", str(tmp_path)) as other:
        assert sorted(tmp_path.iterdir()) == sorted([path, other])
    assert list(tmp_path.iterdir()) == []


def test_folders_of_that_name_which_nobody_can_lock_are_left_alone(tmp_path):
    (tmp_path / "batchpoint-held-is-a-file").write_text("")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "batchpoint-held-is-a-link").symlink_to(tmp_path / "elsewhere")
    HeldFolder("test", str(tmp_path))
    assert (tmp_path / "elsewhere").is_dir()
    assert (tmp_path / "batchpoint-held-is-a-file").is_file()
