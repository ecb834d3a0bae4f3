"""What the server, its worker and the commands are told."""

import os
import ssl
from pathlib import Path

import pytest

from deployments.embedded.environment import client_environment, server_environment
from deployments.embedded.home import Home
from deployments.embedded.processes import Started
from deployments.embedded.state import State

STATE = State(port=4999, server=Started(1, "x"))


@pytest.fixture
def tmp_path(tmp_path: Path) -> Path:
    """A home with the folder that home() makes in it."""
    (tmp_path / "prefect").mkdir()
    return tmp_path


def test_prefect_settings_of_the_user_are_left_out(tmp_path: Path) -> None:
    base = {"PREFECT_API_KEY": "secret", "PREFECT_PROFILE": "office", "PREFECT_HOME": "/elsewhere", "HOME": "/home/me"}
    environment = client_environment(Home(tmp_path), STATE, base)
    assert "PREFECT_API_KEY" not in environment
    assert "PREFECT_PROFILE" not in environment
    assert environment["PREFECT_HOME"] == str(tmp_path / "prefect")
    assert environment["PREFECT_API_URL"] == "http://127.0.0.1:4999/api"
    assert environment["HOME"] == "/home/me"


def test_clients_load_one_certificate_and_not_every_authoritys(tmp_path: Path) -> None:
    file = client_environment(Home(tmp_path), STATE, {})["PREFECT_API_SSL_CERT_FILE"]
    assert len(ssl.create_default_context(cafile=file).get_ca_certs()) == 1
    assert os.listdir(tmp_path / "prefect") == [Path(file).name]
    assert client_environment(Home(tmp_path), STATE, {})["PREFECT_API_SSL_CERT_FILE"] == file


def test_a_proxy_is_not_asked_for_this_machine(tmp_path: Path) -> None:
    base = {"http_proxy": "http://proxy:3128", "no_proxy": "intranet"}
    environment = client_environment(Home(tmp_path), STATE, base)
    assert environment["no_proxy"] == environment["NO_PROXY"] == "intranet,127.0.0.1,localhost"


def test_without_a_proxy_nothing_is_said_of_one(tmp_path: Path) -> None:
    assert "no_proxy" not in client_environment(Home(tmp_path), STATE, {})


def test_the_server_is_told_to_stay_on_this_machine_and_to_trust_its_own_pages_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_SERVER_API_HOST", "0.0.0.0")
    environment = server_environment(Home(tmp_path), STATE)
    assert environment["PREFECT_SERVER_API_HOST"] == "127.0.0.1"
    assert environment["PREFECT_SERVER_API_PORT"] == "4999"
    assert environment["PREFECT_SERVER_CORS_ALLOWED_ORIGINS"] == "http://127.0.0.1:4999"
    assert environment["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
