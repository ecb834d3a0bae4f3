"""What is copied leaves behind what .amlignore, or else .gitignore, names."""

from pathlib import Path

import pytest

from blocks.specs import Data, Model
from deployments.service import data, deployments, models
from deployments.service.errors import UnusableError
from flows.paths import resolve_url


@pytest.fixture
def folder(tmp_path):
    """A folder with files that should stay behind."""
    top = tmp_path / "digits"
    for name in ("weights.pt", "notes.txt", "runs/1/log.txt", "keep/runs", "keep/notes.txt", ".hidden"):
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(name)
    return top


def registered(store, folder, files_below):
    return files_below(Path(models.create(store, Model(name="digits", path=str(folder))).path) / "digits")


def test_patterns_are_those_of_git(store, folder, files_below):
    (folder / ".amlignore").write_text("# logs\nruns/\n*.txt\n!keep/notes.txt\n")
    assert registered(store, folder, files_below) == [".hidden", "keep/notes.txt", "keep/runs", "weights.pt"]


def test_gitignore_is_read_where_there_is_no_amlignore_and_only_there(store, folder, files_below):
    (folder / ".gitignore").write_text("*.txt\n/runs\n")
    assert registered(store, folder, files_below) == [".hidden", "keep/runs", "weights.pt"]
    (folder / ".amlignore").write_text("/keep\n/runs\n.gitignore\n")
    assert registered(store, folder, files_below) == [".hidden", "notes.txt", "weights.pt"]


def test_what_stays_behind_does_not_make_another_version(store, folder):
    (folder / ".amlignore").write_text("*.txt\n")
    first = models.create(store, Model(name="digits", path=str(folder)))
    (folder / "notes.txt").write_text("changed")
    assert models.create(store, Model(name="digits", path=str(folder))).version == first.version


def test_a_folder_that_is_left_out_is_not_even_looked_into(store, folder, files_below):
    (folder / ".amlignore").write_text("loop/\nruns/\n")
    (folder / "loop").symlink_to(folder)
    assert "weights.pt" in registered(store, folder, files_below)


def test_code_and_data_leave_the_same_behind(ready, launcher, declared, project, folder, files_below):
    (project / "code" / ".amlignore").write_text("helper.py\n")
    code = deployments.create(ready, launcher, declared()).code_configuration.code
    assert files_below(Path(code)) == ["driver.py"]
    (folder / ".amlignore").write_text("*\n!weights.pt\n")
    asset = data.create(ready, Data(name="digits", path=str(folder)))
    assert files_below(Path(resolve_url(ready, asset.path))) == ["weights.pt"]


def test_a_folder_of_which_everything_stays_behind_is_refused(store, folder):
    (folder / ".amlignore").write_text("*\n")
    with pytest.raises(UnusableError, match="digits holds no files to copy"):
        models.create(store, Model(name="digits", path=str(folder)))


def test_a_pattern_that_is_none_is_refused_with_its_file(store, folder):
    (folder / ".amlignore").write_text("a\n!\n")
    with pytest.raises(UnusableError, match=r"\.amlignore cannot be used: .*each line is a pattern as git has them"):
        models.create(store, Model(name="digits", path=str(folder)))
