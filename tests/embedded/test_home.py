"""The folder that holds all the embedded server keeps."""

import stat
from pathlib import Path

import pytest

from deployments.embedded.errors import ServerError
from deployments.embedded.home import home


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_home_is_closed_to_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BATCHPOINT_HOME", str(tmp_path / "a" / "b"))
    assert home() == tmp_path / "a" / "b"
    assert mode(home()) == 0o700


def test_an_empty_folder_is_closed_to_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o755)
    monkeypatch.setenv("BATCHPOINT_HOME", str(tmp_path))
    assert mode(home()) == 0o700


def test_a_folder_that_holds_something_keeps_its_mode_but_ours_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.txt").write_text("")
    tmp_path.chmod(0o755)
    monkeypatch.setenv("BATCHPOINT_HOME", str(tmp_path))
    assert mode(home()) == 0o755
    assert mode(home() / "prefect") == mode(home() / "logs") == 0o700


def test_a_relative_home_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BATCHPOINT_HOME", "here")
    assert home() == tmp_path / "here"


def test_a_home_that_cannot_be_made_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("BATCHPOINT_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(ServerError, match="set BATCHPOINT_HOME to a folder"):
        home()
