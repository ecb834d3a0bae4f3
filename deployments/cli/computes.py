"""`batchpoint compute`: where jobs run."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from blocks.specs import Compute
from deployments import service
from deployments.cli import options
from deployments.cli.command import Noun
from deployments.cli.session import Session
from deployments.declarations import document_of, read


@click.group("compute", cls=Noun)
def compute() -> None:
    """Where jobs run, and how much of it they may take together."""


if TYPE_CHECKING:
    from deployments.service.shown import Shown


@compute.command("create")
@options.file
@options.named(Compute, required=False)
@click.option("--type", "-t", help=options.about(Compute, "type"))
@click.option("--min-instances", help=options.about(Compute, "min_instances"))
@click.option("--max-instances", help=options.about(Compute, "max_instances"))
@click.option("--memory", help=options.about(Compute, "memory"))
@click.option("--address", help=options.about(Compute, "address"))
@click.option("--cluster-class", help=options.about(Compute, "cluster_class"))
@click.option("--size", hidden=True)
@click.option("--tier", hidden=True)
@click.option("--idle-time-before-scale-down", hidden=True)
@options.no_wait
@options.assignments
@click.pass_obj
def create(session: Session, /, file: Path | None, assignments: tuple[str, ...], **flags: options.Flag) -> Compute:
    """Register a compute, or change the one of its name."""
    with options.declared(Compute, read(file), assignments, **flags) as spec:
        return service.computes.create(session.store, session.launcher, spec)


@compute.command("update")
@options.file
@options.named(Compute)
@click.option("--min-instances", help=options.about(Compute, "min_instances"))
@click.option("--max-instances", help=options.about(Compute, "max_instances"))
@click.option("--memory", help=options.about(Compute, "memory"))
@options.no_wait
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
    """Change a compute; jobs that run keep what they have."""
    document = options.changed(document_of(service.computes.show(session.store, name)), file, additions, removals)
    with options.declared(Compute, document, assignments, name=name, **flags) as spec:
        return service.shown.compute(
            session.store, session.launcher, service.computes.create(session.store, session.launcher, spec)
        )


@compute.command("show")
@options.named(Compute)
@click.pass_obj
def show(session: Session, name: str) -> "Shown":
    """Show a compute, and how many of its instances jobs have taken."""
    return service.shown.compute(session.store, session.launcher, service.computes.show(session.store, name))


@compute.command("list")
@click.pass_obj
def list_all(session: Session) -> list[Compute]:
    """List computes."""
    return service.computes.list_all(session.store)


@compute.command("delete")
@options.named(Compute)
@options.yes
@options.no_wait
@click.pass_obj
def delete(session: Session, name: str, yes: bool) -> None:
    """Forget a compute; refused while deployments run on it."""
    options.confirm(f"Delete compute {name}?", yes)
    service.computes.delete(session.store, session.launcher, name)
