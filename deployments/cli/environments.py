"""`batchpoint environment`: what scoring scripts need installed."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from blocks.specs import Environment
from deployments import service
from deployments.cli import options
from deployments.cli.ages import Age
from deployments.cli.assets import add_shared_verbs
from deployments.cli.command import Noun
from deployments.cli.session import Session
from deployments.cli.sizes import Size
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
@click.option("--requirements", "-r", help=options.about(Environment, "requirements"))
@click.option("--python", help=options.about(Environment, "python"))
@click.option("--os-type", help=options.about(Environment, "os_type"))
@options.description(Environment)
@options.tags
@options.no_wait
@options.assignments
@click.pass_obj
def create(
    session: Session,
    /,
    file: Path | None,
    assignments: tuple[str, ...],
    conda_file: str | None,
    requirements: str | None,
    python: str | None,
    **flags: options.Flag,
) -> "Shown":
    """Register an environment; without a version it gets the next number, unless it is the newest already."""
    paths = {"conda_file": options.here(conda_file), "requirements": options.here(requirements)}
    paths["python"] = options.here(python) if python and "/" in python else python
    with options.declared(Environment, read(file), assignments, **paths, **flags) as spec:
        return service.shown.environment(session.store, service.environments.create(session.store, spec, options.note))


@environment.command("show")
@options.named(Environment)
@click.option("--version", "-v", help="The version; left out, the one registered last.")
@click.option("--label", "-l", type=click.Choice(["latest"]), help="latest: the one registered last.")
@click.pass_obj
def show(session: Session, name: str, version: str | None, label: str | None) -> "Shown":
    """Show an environment in a version, or in its newest, and what is built of it on this machine."""
    found = service.assets.show(session.store, Environment, name, None if label else version)
    return service.shown.environment(session.store, found)


@environment.command("build")
@options.named(Environment)
@click.option("--version", "-v", help="The version; left out, the one registered last.")
@click.pass_obj
def build(session: Session, name: str, version: str | None) -> "Shown":
    """Build an environment on this machine now; the first job that needs it would do that otherwise."""
    found = service.assets.show(session.store, Environment, name, version)
    service.environments.prepare(found, options.note)
    return service.shown.environment(session.store, found)


@environment.command("prune")
@click.option("--unused-for", type=Age(), default="0m", help="Only those that no job used for so long: 30d, 12h.")
@click.option("--keep", type=Size(), default=0, metavar="SIZE", help="Stop where all of them take no more: 20GB.")
@click.pass_obj
def prune(session: Session, unused_for: timedelta, keep: int) -> "list[Shown]":
    """Remove what was built on this machine and no deployment uses, nor a job that runs; longest unused first."""
    removed = service.environments.prune(session.store, unused=unused_for, keep=keep, tell=options.note)
    return [service.shown.built(each) for each in removed]


add_shared_verbs(environment, Environment, lambda *which: service.environments.delete(*which))
