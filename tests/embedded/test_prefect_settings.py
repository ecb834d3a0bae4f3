"""A process that imported Prefect early reads its settings again where what they come from changed, and else not."""

import os
from pathlib import Path

import pytest
from prefect.context import get_settings_context, refresh_global_settings_context

from deployments.embedded import environment, prefect_settings


@pytest.fixture(autouse=True)
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Settings that were just read, in an empty folder; the test's own are read again after it."""
    before = dict(os.environ)
    monkeypatch.chdir(tmp_path)
    prefect_settings.read_again(logs=True)
    yield
    environment.apply(before)
    refresh_global_settings_context()


def is_read_again() -> bool:
    before = get_settings_context().settings
    prefect_settings.read_again(logs=True)
    return get_settings_context().settings is not before


def test_nothing_is_read_again_where_nothing_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT__FLOW_RUN_ID", "names a flow run, and is no setting")
    assert not is_read_again()


def test_another_variable_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_LOGGING_LEVEL", "ERROR")
    assert is_read_again()
    assert get_settings_context().settings.logging.level == "ERROR"
    assert not is_read_again()


def test_settings_of_the_folder_are_heard(tmp_path: Path) -> None:
    (tmp_path / "prefect.toml").write_text('[logging]\nlevel = "CRITICAL"\n')
    assert is_read_again()
    assert get_settings_context().settings.logging.level == "CRITICAL"


def test_a_changed_profile_is_heard() -> None:
    home = Path(os.environ["PREFECT_HOME"])
    home.mkdir(exist_ok=True)
    profiles = home / "profiles.toml"
    profiles.write_text('active = "mine"\n[profiles.mine]\nPREFECT_LOGGING_LEVEL = "ERROR"\n')
    assert is_read_again()
    profiles.unlink()
    assert is_read_again()
