"""Which server the user named."""

from pathlib import Path

import pytest

from deployments.embedded.errors import ServerError
from deployments.embedded.told import told_server

PROFILES = """
active = "office"
[profiles.office]
PREFECT_API_URL = "http://office:4200/api"
[profiles.home]
PREFECT_LOGGING_LEVEL = "DEBUG"
"""


@pytest.fixture
def profiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("PREFECT_API_URL", "PREFECT_PROFILE", "PREFECT_PROFILES_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    path = tmp_path / "profiles.toml"
    path.write_text(PROFILES)
    return path


def test_the_environment_wins_over_the_profile(profiles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://other:4200/api")
    told = told_server()
    assert told is not None
    assert told.api_url == "http://other:4200/api"
    assert told.source == "PREFECT_API_URL in the environment"


def test_the_active_profile_is_read(profiles: Path) -> None:
    told = told_server()
    assert told is not None
    assert told.api_url == "http://office:4200/api"
    assert "'office'" in told.source


def test_a_profile_can_be_ignored(profiles: Path) -> None:
    assert told_server(use_profile=False) is None


def test_prefect_profile_chooses_another_profile(profiles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_PROFILE", "home")
    assert told_server() is None


def test_profiles_that_prefect_ships_are_known(profiles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_PROFILE", "local")
    told = told_server()
    assert told is not None
    assert told.api_url == "http://127.0.0.1:4200/api"


def test_without_profiles_no_server_is_named(profiles: Path) -> None:
    profiles.unlink()
    assert told_server() is None


def test_broken_profiles_are_named(profiles: Path) -> None:
    profiles.write_text("active = [")
    with pytest.raises(ServerError, match=r"profiles\.toml cannot be read"):
        told_server()
