"""`batchpoint environment`: what scoring scripts need installed."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from blocks.specs import Environment
from deployments import service
from deployments.cli import options
from deployments.cli.assets import add_shared_verbs
from deployments.cli.command import Noun
from deployments.cli.session import Session
from deployments.declarations import read


@click.group("environment", cls=Noun)
def environment() -> None:
    """What scoring scripts need installed, in versions that never change."""


if TYPE_CHECKING:
    from deployments.service.shown import Shown


@environment.command("create")
@options.file
@options.named(Environment, required=False)
@options.version(Environment)
@click.option("--image", "-i", help=options.about(Environment, "image"))
@click.option("--conda-file", "-c", help=options.about(Environment, "conda_file"))
@click.option("--os-type", help=options.about(Environment, "os_type"))
@options.description(Environment)
@options.tags
@options.no_wait
@options.assignments
@click.pass_obj
def create(
    session: Session, /, file: Path | None, assignments: tuple[str, ...], conda_file: str | None, **flags: options.Flag
) -> "Shown":
    """Register an environment; without a version it gets the next number, unless it is the newest already."""
    with options.declared(Environment, read(file), assignments, conda_file=options.here(conda_file), **flags) as spec:
        return service.shown.asset(session.store, service.environments.create(session.store, spec, options.note))


add_shared_verbs(environment, Environment, lambda *which: service.environments.delete(*which))
