"""`batchpoint gateway`: jobs over HTTP."""

from pathlib import Path

import click

from deployments.cli.command import Verb
from deployments.cli.session import Session
from deployments.gateway.listening import PORT, RATE, Listening

PEM = click.Path(path_type=Path, dir_okay=False)


@click.command("gateway", cls=Verb)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="The port; 0 takes a free one."
)
@click.option("--certificate", type=PEM, help="The certificate for TLS, as a PEM file.")
@click.option("--key", type=PEM, help="Its private key, as a PEM file.")
@click.option("--insecure", is_flag=True, help="Listen beyond this machine without TLS.")
@click.option(
    "--allow", "allowed", multiple=True, metavar="URL", help="Let callers read and write below a URL; can be repeated."
)
@click.option("--rate", default=RATE, show_default=True, help="How many requests a token may make, as in 10/second.")
@click.pass_obj
def gateway(
    session: Session,
    host: str,
    port: int,
    certificate: Path | None,
    key: Path | None,
    insecure: bool,
    allowed: tuple[str, ...],
    rate: str,
) -> None:
    """Take jobs over HTTP until Ctrl-C; callers show a token, which `batchpoint token create` makes."""
    listening = Listening(host, port, certificate, key, insecure, allowed, rate)
    listening.check()
    assert session.store is not None
    from deployments.gateway.serve import serve

    serve(listening, lambda line: click.echo(line, err=True))
