"""The doorway to files, on a local disk and in another store."""

import uuid

import pytest

from scoring.storage import Folder


@pytest.fixture(params=["local", "memory"])
def folder(request, tmp_path):
    return Folder(tmp_path / "job" if request.param == "local" else f"memory://{uuid.uuid4().hex}/job")


def test_a_folder_is_removed_with_all_in_it_and_says_what_that_freed(folder):
    beside = Folder(f"{folder.url}-2")
    for place in (folder, beside):
        place.write("manifest.json", b"12345")
        place.write("parts/0/rows.csv", b"67")
    assert folder.remove_all() == 7
    assert not folder.exists("manifest.json")
    assert not folder.exists("parts/0/rows.csv")
    assert beside.exists("parts/0/rows.csv")


def test_removing_a_folder_that_is_not_there_frees_nothing(folder):
    assert folder.remove_all() == 0


def test_what_a_removed_folder_links_to_stays(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "weights").write_bytes(b"1234")
    (tmp_path / "job").mkdir()
    (tmp_path / "job" / "model").symlink_to(tmp_path / "model")
    Folder(tmp_path / "job").remove_all()
    assert (tmp_path / "model" / "weights").exists()
