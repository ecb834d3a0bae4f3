"""`batchpoint hook`: events that make jobs, and word of jobs that have ended."""

from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from blocks.hooks import Hook
from deployments.cli import options
from deployments.cli.command import Noun
from deployments.cli.session import Session
from deployments.declarations import read
from deployments.service import shown

if TYPE_CHECKING:
    from deployments.service.hooks import NewHook

DIRECTIONS = ("in", "out")


@click.group("hook", cls=Noun)
def hook() -> None:
    """Events that make an endpoint's jobs, and word of its jobs that have ended."""


@hook.command("create")
@options.file
@options.named(Hook, required=False)
@click.option("--endpoint-name", "-e", help=options.about(Hook, "endpoint_name"))
@click.option("--direction", type=click.Choice(DIRECTIONS), help=options.about(Hook, "direction"))
@click.option("--input", type=click.Choice(("folder", "object")), help=options.about(Hook, "input"))
@click.option("--window", metavar="SECONDS", help=options.about(Hook, "window"))
@click.option("--url", help=options.about(Hook, "url"))
@options.description(Hook)
@click.option(
    "--secret-file",
    type=click.File("r"),
    help="A file with the secret that signs what is sent, in base64; - reads it from standard input. Left out, one is "
    "made and shown, this once.",
)
@options.assignments
@click.pass_obj
def create(
    session: Session,
    /,
    file: Path | None,
    secret_file: TextIO | None,
    assignments: tuple[str, ...],
    **flags: options.Flag,
) -> shown.Shown:
    """Register a hook, or change the one of its name, whose secret stays unless another is given."""
    from deployments.service import hooks

    given = secret_file.read() if secret_file is not None else None
    with options.declared(Hook, read(file), assignments, **flags) as spec:
        return _shown_once(session, hooks.create(session.store, session.launcher, spec, given))


@hook.command("show")
@options.named(Hook)
@click.pass_obj
def show(session: Session, name: str) -> shown.Shown:
    """Show a hook, and where it takes events."""
    from deployments.service import hooks

    return shown.hook(session.store, session.launcher, hooks.show(session.store, name))


@hook.command("list")
@click.pass_obj
def list_all(session: Session) -> list[shown.Shown]:
    """List the hooks there are."""
    from deployments.service import hooks

    return [shown.hook(session.store, session.launcher, each) for each in hooks.list_all(session.store)]


@hook.command("delete")
@options.named(Hook)
@options.yes
@click.pass_obj
def delete(session: Session, name: str, yes: bool) -> None:
    """Forget a hook and its secret; jobs that it made stay."""
    options.confirm(f"Delete hook {name}?", yes)
    from deployments.service import hooks

    hooks.delete(session.store, session.launcher, name)


def _shown_once(session: Session, made: "NewHook") -> shown.Shown:
    secret: shown.Shown = {"secret": made.secret} if made.secret is not None else {}
    return secret | shown.hook(session.store, session.launcher, made.hook)
