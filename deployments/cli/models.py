"""`batchpoint model`: models, copied and numbered."""

from pathlib import Path

import click

from blocks.specs import Model
from deployments.cli import options
from deployments.cli.command import Noun
from deployments.cli.session import Session
from deployments.declarations import read
from deployments.service import models


@click.group("model", cls=Noun)
def model() -> None:
    """Models, copied when they are registered, in versions that never change."""


@model.command("create")
@options.file
@options.named(Model, required=False)
@click.option("--version", "-v", help=options.about(Model, "version"))
@click.option("--path", "-p", help=options.about(Model, "path"))
@click.option("--type", "-t", help=options.about(Model, "type"))
@click.option("--description", "-d", help=options.about(Model, "description"))
@options.assignments
@click.pass_obj
def create(
    session: Session, /, file: Path | None, assignments: tuple[str, ...], path: str | None, **flags: str | None
) -> Model:
    """Copy a model and register it; without a version it gets the next number, unless it is the newest already."""
    spec = options.declared(Model, read(file), assignments, path=options.here(path), **flags)
    return models.create(session.store, spec)


@model.command("show")
@options.named(Model)
@click.option("--version", "-v", help="The version; left out, the one registered last.")
@click.pass_obj
def show(session: Session, name: str, version: str | None) -> Model:
    """Show a model in a version, or in its newest."""
    return models.show(session.store, name, version)


@model.command("list")
@options.named(Model, required=False)
@click.pass_obj
def list_all(session: Session, name: str | None) -> list[Model]:
    """List models, or the versions of one."""
    return models.list_versions(session.store, name) if name else models.list_all(session.store)


@model.command("delete")
@options.named(Model)
@click.option("--version", "-v", help="The version; may be left out when there is one only.")
@options.yes
@click.pass_obj
def delete(session: Session, name: str, version: str | None, yes: bool) -> None:
    """Forget a model's version and remove its copy; refused while deployments use it."""
    options.confirm(f"Delete model {name} {version or ''}?".replace(" ?", "?"), yes)
    models.delete(session.store, name, version)
