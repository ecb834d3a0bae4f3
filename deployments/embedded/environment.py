"""The environment in which the embedded server, its worker and the commands see one and the same Prefect."""

import os
import sys
from collections.abc import Mapping

from deployments.embedded import prefect_settings
from deployments.embedded.certificate import one_certificate
from deployments.embedded.home import Home
from deployments.embedded.state import State

OURS = "127.0.0.1,localhost"


def client_environment(home: Home, state: State, base: Mapping[str, str] = os.environ) -> dict[str, str]:
    """`base` without the user's own Prefect settings and with those that point at the embedded server.

    Whatever else the user has set for Prefect (a profile, a key, another home) belongs to another server. Prefect reads
    lasting settings for this one from BATCHPOINT_HOME/prefect/profiles.toml.
    """
    kept = {name: value for name, value in base.items() if not name.startswith("PREFECT_")}
    certificates = {"PREFECT_API_SSL_CERT_FILE": str(one_certificate(home))}
    return {**kept, **past_proxies(base), **client_settings(home, state), **certificates}


def client_settings(home: Home, state: State) -> dict[str, str]:
    """What a process needs to talk to the embedded server and to leave the user's own Prefect home alone."""
    return {
        "BATCHPOINT_HOME": str(home.path),
        "PREFECT_HOME": str(home.prefect),
        "PREFECT_API_URL": state.api_url,
        "PREFECT_UI_URL": state.url,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
    }


def server_environment(home: Home, state: State) -> dict[str, str]:
    """The environment of the server: this machine only, its own web pages only, its files under BATCHPOINT_HOME."""
    return {
        **client_environment(home, state),
        "PREFECT_SERVER_API_HOST": "127.0.0.1",
        "PREFECT_SERVER_API_PORT": str(state.port),
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": state.url,
        "PREFECT_SERVER_UI_STATIC_DIRECTORY": str(home.prefect / "ui"),
        # With leases in memory, as by default, a server that is killed leaves instances taken that nobody has.
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
        # Jobs wait their turn here: to write of each after 15 s that it is late costs as much as to send it did.
        "PREFECT_SERVER_SERVICES_LATE_RUNS_AFTER_SECONDS": "3600",
        # How often events are offered again to a busy database; short_waits has it say so sooner than Prefect would.
        "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_MAX_FLUSH_RETRIES": "60",
        # How long a job that waits for instances sleeps before it asks again; 30 by default.
        "PREFECT_SERVER_CONCURRENCY_MAXIMUM_CONCURRENCY_SLOT_WAIT_SECONDS": "1.5",
    }


def apply(environment: Mapping[str, str]) -> None:
    """Make `environment` this process's own, for Prefect to read.

    Where Prefect is imported already, as in a notebook, it reads its settings again.
    """
    for name in [name for name in os.environ if name.startswith("PREFECT_") and name not in environment]:
        del os.environ[name]
    os.environ.update(environment)
    if "prefect.context" in sys.modules:
        prefect_settings.read_again(logs=False)


def past_proxies(base: Mapping[str, str] = os.environ) -> dict[str, str]:
    """A proxy of the user's can't reach this machine's loopback: go past it."""
    if not any(name.lower() in {"http_proxy", "https_proxy", "all_proxy"} for name in base):
        return {}
    told = base.get("no_proxy") or base.get("NO_PROXY")
    value = f"{told},{OURS}" if told else OURS
    return {"no_proxy": value, "NO_PROXY": value}
