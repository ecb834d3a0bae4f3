"""`batchpoint datastore`: where files are kept."""

from pathlib import Path

import click

from blocks.specs import Datastore
from deployments.cli import options
from deployments.cli.command import Noun
from deployments.cli.session import Session
from deployments.declarations import read
from deployments.service import datastores


@click.group("datastore", cls=Noun)
def datastore() -> None:
    """Names for places where files are kept."""


@datastore.command("create")
@options.file
@options.named(Datastore, required=False)
@click.option("--type", "-t", help=options.about(Datastore, "type"))
@click.option("--root", help=options.about(Datastore, "root"))
@options.assignments
@click.pass_obj
def create(
    session: Session, /, file: Path | None, assignments: tuple[str, ...], root: str | None, **flags: str | None
) -> Datastore:
    """Register a datastore, or change the one of its name."""
    spec = options.declared(Datastore, read(file), assignments, root=options.here(root), **flags)
    return datastores.create(session.store, spec)


@datastore.command("show")
@options.named(Datastore)
@click.pass_obj
def show(session: Session, name: str) -> Datastore:
    """Show a datastore."""
    return datastores.show(session.store, name)


@datastore.command("list")
@click.pass_obj
def list_all(session: Session) -> list[Datastore]:
    """List datastores."""
    return datastores.list_all(session.store)
