"""`batchpoint up`, `down`, `status`, `env`: the embedded server on purpose. Other commands start it when needed."""

import shlex
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from functools import partial
from typing import Any

import click

from deployments.cli.command import Verb
from deployments.gateway.listening import PORT, Listening


def _say(line: str) -> None:
    click.echo(line, err=True)


@click.command("up", cls=Verb)
@click.option(
    "--gateway-port",
    type=click.IntRange(0, 65535),
    default=PORT,
    show_default=True,
    help="The port of this machine where jobs are taken over HTTP.",
)
@click.option("--no-gateway", is_flag=True, help="Take no jobs over HTTP.")
def up(gateway_port: int, no_gateway: bool) -> None:
    """Start the embedded Prefect server, its worker and the gateway, and keep them running until Ctrl-C."""
    from deployments.embedded import ServerError, keeper
    from deployments.embedded.home import Home, home
    from deployments.embedded.told import told_server

    told = told_server()
    if told is not None:
        raise ServerError(
            f"commands use the server at {told.api_url} ({told.source}), so none is started; remove the setting first"
        )
    keeper.keep(Home(home()), _say, nullcontext if no_gateway else partial(_gateway, gateway_port))


@contextmanager
def _gateway(port: int) -> Iterator[None]:
    """The gateway, unless its port is taken: the server is of use without it."""
    from deployments.embedded import connect
    from deployments.service.errors import UnusableError

    connect(announce=_say)
    from deployments.gateway.serve import served

    with ExitStack() as stack:
        try:
            stack.enter_context(served(Listening(port=port), _say))
        except UnusableError as error:
            _say(f"no jobs are taken over HTTP: {error}")
        yield


@click.command("down", cls=Verb)
def down() -> None:
    """Stop the embedded Prefect server, its worker and the jobs that run on it."""
    from deployments.embedded import keeper
    from deployments.embedded.home import Home, home

    stopped = keeper.stop(Home(home()))
    _say(f"stopped the Prefect server at {stopped.url}" if stopped else "no Prefect server of batchpoint's was running")


@click.command("status", cls=Verb)
def status() -> dict[str, Any]:
    """Tell which Prefect server commands use, and whether it runs."""
    from deployments.embedded import health, keeper
    from deployments.embedded.home import Home, home
    from deployments.embedded.told import told_server

    told = told_server()
    if told is not None:
        answers = health.status(told.api_url, "/health") is not None
        return {"running": answers, "api_url": told.api_url, "embedded": False, "named_by": told.source}
    place = Home(home())
    found = keeper.status(place)
    return {
        "running": found.is_running,
        "api_url": found.state.api_url if found.state else None,
        "embedded": True,
        "url": found.state.url if found.state else None,
        "home": str(place.path),
        "server_alive": found.server_alive,
        "worker_alive": found.worker_alive,
        "kept_by_up": found.is_kept,
    }


@click.command("env", cls=Verb)
def env() -> None:
    """Print lines for a shell that point Prefect's own command line at the same server: eval "$(batchpoint env)"."""
    from deployments.embedded import connect
    from deployments.embedded.environment import past_proxies

    api_url = connect(announce=_say).api_url
    for name, value in {"PREFECT_API_URL": api_url, **past_proxies()}.items():
        click.echo(f"export {name}={shlex.quote(value)}")
