"""Which files a job scores: found in the byte order of their paths, kept, and read back."""

import os
import random
import socket
import time

import pytest

from scoring import InputError
from scoring.finding import find
from scoring.listing import read_mini_batches, read_skipped, read_summary, write_listing
from scoring.planning import count_mini_batches
from scoring.storage import Folder
from tests.scoring.conftest import write_files

pytestmark = pytest.mark.alone


def paths_below(folder):
    return [file.path for file in find(Folder(folder))]


def read_files(job, size, indexes):
    return [[file.path for file in files] for _, files in read_mini_batches(job, size, indexes)]


def test_files_come_in_the_byte_order_of_their_relative_paths(tmp_path):
    names = ["a-b", "a.txt", "a/b", "a/b.c", "a0", "a b/c", "A", "é", "z", "a\nb", "a,b", 'a"b', "日", "a/b!/c", "a/b-"]
    found = paths_below(write_files(tmp_path / "in", names))
    assert found == sorted(names, key=os.fsencode)


def test_any_tree_of_names_comes_in_byte_order(tmp_path):
    chosen = random.Random(7)  # the same tree in each run
    parts = ["a", "a-", "a.", "a0", "b", "ab", "-", "é", "a\x7f", "\x01"]
    names = {
        "/".join(chosen.choice(parts) + chosen.choice("xyz") for _ in range(chosen.randint(1, 4))) for _ in range(300)
    }
    folders = {"/".join(name.split("/")[:depth]) for name in names for depth in range(1, name.count("/") + 1)}
    names -= folders
    assert paths_below(write_files(tmp_path / "in", names)) == sorted(names, key=os.fsencode)


def test_local_and_object_store_list_alike(tmp_path):
    names = ["a-b", "a.txt", "a/b", "é/x", "z"]
    memory = Folder("memory://listing-test/in")
    for name in names:
        memory.write(name, name.encode())
    local = [(file.path, file.size) for file in find(Folder(write_files(tmp_path / "in", names)))]
    assert [(file.path, file.size) for file in find(memory)] == local


def test_links_are_followed_once_and_what_cannot_be_read_is_skipped_with_a_reason(tmp_path):
    folder = write_files(tmp_path / "in", ["data/a", "b"])
    write_files(tmp_path / "elsewhere", ["c"])
    (folder / "other").symlink_to(tmp_path / "elsewhere")
    (folder / "data/up").symlink_to(folder)
    (folder / "dangling").symlink_to(tmp_path / "nothing")
    (folder / "circle").symlink_to(folder / "circle")
    with socket.socket(socket.AF_UNIX) as door:
        os.chdir(folder)
        door.bind("door")
    os.chdir("/")
    os.mkfifo(folder / "pipe")
    job = Folder(tmp_path / "job")
    summary = write_listing(str(folder), job)
    assert read_files(job, 10, [0]) == [["b", "data/a", "other/c"]]
    skipped = {one["path"]: one["reason"] for one in read_skipped(job)}
    assert skipped == {
        "circle": "cannot be read: Too many levels of symbolic links",
        "dangling": "cannot be read: No such file or directory",
        "door": "neither a file nor a folder",
        "pipe": "neither a file nor a folder",
    }
    assert (summary.files, summary.skipped) == (3, 4)


def test_an_input_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match=f"input {tmp_path}/nowhere is not there; give the path of a folder of files"):
        write_listing(str(tmp_path / "nowhere"), Folder(tmp_path / "job"))


def test_an_input_without_files_is_refused(tmp_path):
    (tmp_path / "in/deeper").mkdir(parents=True)
    with pytest.raises(InputError, match=r"has no files to score$"):
        write_listing(str(tmp_path / "in"), Folder(tmp_path / "job"))


def test_an_input_of_hidden_files_only_says_how_to_score_them(tmp_path):
    write_files(tmp_path / "in", [".a", ".b/c"])
    with pytest.raises(
        InputError, match=r"has no files to score; 2 were skipped, being hidden \(settings.include_hidden"
    ):
        write_listing(str(tmp_path / "in"), Folder(tmp_path / "job"))


def test_a_listing_is_kept_so_that_a_resumed_job_sees_the_same_files(tmp_path):
    folder, job = write_files(tmp_path / "in", ["a", "b"]), Folder(tmp_path / "job")
    first = write_listing(str(folder), job)
    write_files(folder, ["c"])
    assert write_listing(str(folder), job) == first == read_summary(job)


def test_an_input_that_is_one_file_is_scored_alone_even_when_hidden(score_with, tmp_path):
    folder = write_files(tmp_path / "in", [".only", "other"])
    outcome = score_with("ok.py", inputs=folder / ".only")
    assert outcome.counts == (1, 0, 0, 0)
    assert outcome.rows == "file,text\n.only,.only\n"


def test_a_path_that_fsspec_would_take_apart_is_a_path(score_with, tmp_path):
    outcome = score_with("ok.py", inputs=write_files(tmp_path / "a::b", ["c::d"]), output=tmp_path / "out::put")
    assert outcome.rows == "file,text\nc::d,c::d\n"


@pytest.mark.parametrize("size", [1, 3, 7, 100])
def test_every_file_is_read_back_in_exactly_one_mini_batch(tmp_path, size):
    names = [f"{number:02d}\n" for number in range(23)]
    job = Folder(tmp_path / "job")
    write_listing(str(write_files(tmp_path / "in", names)), job)
    mini_batches = range(count_mini_batches(23, size))
    found = read_files(job, size, mini_batches)
    assert [len(files) for files in found] == [min(size, 23 - index * size) for index in mini_batches]
    assert [name for files in found for name in files] == names
    some = [index for index in (5, 0, 1, 3, 22, 6) if index in mini_batches]
    assert read_files(job, size, some) == [found[index] for index in some]


def test_files_on_an_object_store_are_fetched_for_the_time_of_a_try(score_with, tmp_path):
    store = Folder("memory://fetch-test/in")
    for name in ("a/one", "two", "é/a,b"):
        store.write(name, name.encode())
    outcome = score_with("ok.py", inputs=store.url, size=2)
    assert outcome.counts == (3, 0, 0, 0)
    assert outcome.rows == 'file,text\none,a/one\ntwo,two\n"a,b","é/a,b"\n'


def test_a_file_that_is_gone_from_an_object_store_is_a_failed_file(score_with):
    store = Folder("memory://vanish-test/in")
    for name in ("1", "2", "3"):
        store.write(name, name.encode())

    def vanish(_news):
        if store.exists("3"):
            store.fs.rm_file(store.at("3"))

    outcome = score_with("ok.py", inputs=store.url, on_news=vanish, max_retries=1, prefetch_limit=0)
    assert outcome.counts == (2, 1, 0, 0)
    assert outcome.failures[0]["message"].startswith("memory://vanish-test/in/3 cannot be")


@pytest.mark.slow
def test_twenty_thousand_files_are_listed_in_seconds(tmp_path):
    folder = tmp_path / "in"
    for part in range(20):
        (folder / f"{part:02d}").mkdir(parents=True)
        for number in range(1000):
            os.close(os.open(folder / f"{part:02d}" / f"{number:04d}.png", os.O_CREAT))
    job = Folder(tmp_path / "job")
    began = time.monotonic()
    assert write_listing(str(folder), job).files == 20_000
    seconds = time.monotonic() - began
    print(f"listed 20,000 files in {seconds:.2f} s")
    assert seconds < 5
    began = time.monotonic()
    assert read_files(job, 10, [1_999])[0][-1] == "19/0999.png"
    assert time.monotonic() - began < 0.1
