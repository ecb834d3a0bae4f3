"""`batchpoint model`: models, copied and numbered."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from blocks.specs import Model
from deployments import service
from deployments.cli import options
from deployments.cli.assets import add_shared_verbs
from deployments.cli.command import Noun
from deployments.cli.session import Session
from deployments.declarations import read


@click.group("model", cls=Noun)
def model() -> None:
    """Models, copied when they are registered, in versions that never change."""


if TYPE_CHECKING:
    from deployments.service.shown import Shown


@model.command("create")
@options.file
@options.named(Model, required=False)
@options.version(Model)
@click.option("--path", "-p", help=options.about(Model, "path"))
@click.option("--type", "-t", help=options.about(Model, "type"))
@options.description(Model)
@options.tags
@options.no_wait
@options.assignments
@click.pass_obj
def create(
    session: Session, /, file: Path | None, assignments: tuple[str, ...], path: str | None, **flags: options.Flag
) -> "Shown":
    """Copy a model and register it; without a version it gets the next number, unless it is the newest already."""
    with options.declared(Model, read(file), assignments, path=options.here(path), **flags) as spec:
        return service.shown.asset(session.store, service.models.create(session.store, spec, options.note))


@model.command("download")
@options.named(Model)
@click.option("--version", "-v", help="The version; left out, the one registered last.")
@click.option(
    "--download-path",
    "-p",
    type=click.Path(path_type=Path, file_okay=False),
    default=".",
    help="Folder to put NAME/ into; left out, this one.",
)
@click.pass_obj
def download(session: Session, name: str, version: str | None, download_path: Path) -> str:
    """Copy a model's files into a folder of its name, once they are found to be what was registered."""
    return str(service.models.download(session.store, download_path, name, version))


add_shared_verbs(model, Model, lambda *which: service.models.delete(*which))
