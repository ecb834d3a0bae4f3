"""`batchpoint datastore`: where files are kept."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from blocks.specs import Datastore
from deployments import service
from deployments.cli import options
from deployments.cli.command import Noun
from deployments.cli.session import Session
from deployments.declarations import read

CREDENTIALS = "The Prefect block that has them: aws-credentials/NAME or minio-credentials/NAME for s3, or secret/NAME."

if TYPE_CHECKING:
    from deployments.service.shown import Shown


@click.group("datastore", cls=Noun)
def datastore() -> None:
    """Names for places where files are kept."""


@datastore.command("create")
@options.file
@options.named(Datastore, required=False)
@click.option("--type", "-t", help=options.about(Datastore, "type"))
@click.option("--root", help=options.about(Datastore, "root"))
@click.option("--credentials", metavar="SLUG/NAME", help=CREDENTIALS)
@click.option("--endpoint-url", help=options.about(Datastore, "endpoint_url"))
@click.option("--account-name", help=options.about(Datastore, "account_name"))
@click.option("--container-name", help=options.about(Datastore, "container_name"))
@options.description(Datastore)
@options.assignments
@click.pass_obj
def create(
    session: Session, /, file: Path | None, assignments: tuple[str, ...], root: str | None, **flags: options.Flag
) -> Datastore:
    """Register a datastore, or change the one of its name."""
    with options.declared(Datastore, read(file), assignments, root=options.here(root), **flags) as spec:
        return service.datastores.create(session.store, spec)


@datastore.command("show")
@options.named(Datastore)
@click.pass_obj
def show(session: Session, name: str) -> "Shown":
    """Show a datastore."""
    return service.shown.datastore(session.store, service.datastores.show(session.store, name))


@datastore.command("list")
@click.pass_obj
def list_all(session: Session) -> list[Datastore]:
    """List datastores."""
    return service.datastores.list_all(session.store)


@datastore.command("delete")
@options.named(Datastore)
@options.yes
@click.pass_obj
def delete(session: Session, name: str, yes: bool) -> None:
    """Forget a datastore; its files stay. The default one is refused, and one that data assets lie in."""
    options.confirm(f"Delete datastore {name}?", yes)
    service.datastores.delete(session.store, name)
