"""`batchpoint batch-endpoint`: names that jobs are sent to."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from blocks.specs import Endpoint
from deployments import service
from deployments.cli import options
from deployments.cli.command import Noun
from deployments.cli.session import Session
from deployments.declarations import document_of, read

JOBS = {"invoke": "deployments.cli.invocation:invoke", "list-jobs": "deployments.cli.jobs:list_jobs"}

if TYPE_CHECKING:
    from deployments.service.shown import Shown


defaults = click.option(
    "--defaults", multiple=True, metavar="deployment_name=NAME", help=options.about(Endpoint, "defaults")
)


@click.group("batch-endpoint", cls=Noun, later=JOBS)
def endpoint() -> None:
    """Names that jobs are sent to, each with a default deployment."""


@endpoint.command("create")
@options.file
@options.named(Endpoint, required=False)
@options.no_wait
@options.description(Endpoint)
@options.tags
@defaults
@options.assignments
@click.pass_obj
def create(session: Session, /, file: Path | None, assignments: tuple[str, ...], **flags: options.Flag) -> "Shown":
    """Register an endpoint, or change the one of its name."""
    with options.declared(Endpoint, read(file), assignments, **flags) as spec:
        created = service.endpoints.create(session.store, session.launcher, spec)
        return service.shown.endpoint(session.store, session.launcher, created)


@endpoint.command("update")
@options.file
@options.named(Endpoint)
@options.no_wait
@options.description(Endpoint)
@options.tags
@defaults
@options.additions
@options.removals
@options.assignments
@click.pass_obj
def update(
    session: Session,
    /,
    file: Path | None,
    name: str,
    assignments: tuple[str, ...],
    additions: tuple[str, ...],
    removals: tuple[str, ...],
    **flags: options.Flag,
) -> "Shown":
    """Change an endpoint: --set defaults.deployment_name=NAME sends its jobs to another deployment."""
    document = options.changed(document_of(service.endpoints.show(session.store, name)), file, additions, removals)
    with options.declared(Endpoint, document, assignments, name=name, **flags) as spec:
        updated = service.endpoints.update(session.store, session.launcher, spec)
        return service.shown.endpoint(session.store, session.launcher, updated)


@endpoint.command("show")
@options.named(Endpoint)
@click.pass_obj
def show(session: Session, name: str) -> "Shown":
    """Show an endpoint: what was declared, where a POST starts a job, and the last job."""
    return service.shown.endpoint(session.store, session.launcher, service.endpoints.show(session.store, name))


@endpoint.command("list")
@click.pass_obj
def list_all(session: Session) -> list[Endpoint]:
    """List endpoints."""
    return service.endpoints.list_all(session.store)


@endpoint.command("delete")
@options.named(Endpoint)
@options.yes
@options.no_wait
@click.pass_obj
def delete(session: Session, name: str, yes: bool) -> None:
    """Forget an endpoint and its deployments; its jobs stay."""
    options.confirm(f"Delete endpoint {name} and its deployments?", yes)
    service.endpoints.delete(session.store, session.launcher, name)
