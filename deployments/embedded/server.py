"""The embedded Prefect server: Prefect's application, given one writer at a time, patience and short waits."""

import uvicorn
from prefect.logging.configuration import setup_logging
from prefect.server.api.server import create_app
from prefect.server.database.dependencies import temporary_database_config
from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL, get_current_settings

from deployments.embedded.one_writer import OneWriter
from deployments.embedded.patience import Patient
from deployments.embedded.short_waits import shorten_waits


def run() -> None:
    """Answer requests until SIGTERM or SIGINT, as `prefect server start` would with the settings of the environment."""
    setup_logging()
    shorten_waits()
    server = get_current_settings().server
    with temporary_database_config(OneWriter(connection_url=PREFECT_API_DATABASE_CONNECTION_URL.value())):
        uvicorn.run(
            Patient(create_app(final=True)),
            host=server.api.host,
            port=server.api.port,
            timeout_keep_alive=server.api.keepalive_timeout,
            ws_ping_interval=server.api.websocket_ping_interval,
            ws_ping_timeout=server.api.websocket_ping_timeout,
            log_level=server.logging_level.lower(),
        )
