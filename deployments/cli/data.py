"""`batchpoint data`: files to score, under a name."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from blocks.specs import Data
from deployments import service
from deployments.cli import options
from deployments.cli.assets import add_shared_verbs
from deployments.cli.command import Noun
from deployments.cli.session import Session
from deployments.declarations import read


@click.group("data", cls=Noun)
def data() -> None:
    """Files to score, under a name and in versions that never change."""


if TYPE_CHECKING:
    from deployments.service.shown import Shown


@data.command("create")
@options.file
@options.named(Data, required=False)
@options.version(Data)
@click.option("--path", "-p", help=options.about(Data, "path"))
@click.option("--type", "-t", help=options.about(Data, "type"))
@options.description(Data)
@options.tags
@options.no_wait
@options.assignments
@click.pass_obj
def create(
    session: Session, /, file: Path | None, assignments: tuple[str, ...], path: str | None, **flags: options.Flag
) -> "Shown":
    """Register a data asset; a local path is copied. Without a version it gets the next number, unless it is there."""
    with options.declared(Data, read(file), assignments, path=options.here(path), **flags) as spec:
        return service.shown.asset(session.store, service.data.create(session.store, spec, options.note))


add_shared_verbs(data, Data, lambda *which: service.data.delete(*which))
