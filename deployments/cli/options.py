"""Options that several commands share, and how they become declarations."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from pydantic import BaseModel

from deployments.declarations import Document, declare, read

M = TypeVar("M", bound=BaseModel)
F = TypeVar("F", bound=Callable[..., Any])


def about(kind: type[BaseModel], field: str) -> str:
    """What a field is for, in the words of its declaration."""
    return kind.model_fields[field].description or ""


def named(kind: type[BaseModel], required: bool = True) -> Callable[[F], F]:
    """--name, -n."""
    return click.option("--name", "-n", required=required, help=about(kind, "name"))


file = click.option("--file", "-f", type=click.Path(path_type=Path), help="YAML file with the declaration.")
assignments = click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="KEY=VALUE ...",
    help="Set a key of the declaration, over what the file says: --set settings.mini_batch_size=20.",
)
yes = click.option("--yes", "-y", is_flag=True, help="Do not ask.")
no_wait = click.option("--no-wait", is_flag=True, hidden=True, expose_value=False)


def declared(kind: type[M], document: Document, assignments: tuple[str, ...], **flags: object) -> M:
    """The declaration that a document, `--set` and flags make together; what to know about it goes to stderr.

    Args:
        kind: what is declared.
        document: as read from a file, or from what is registered.
        assignments: KEY=VALUE, applied over the document.
        flags: values of the options of the same names, which win over all; None is an option not given.
    Raises: DeclarationError.
    """
    for assignment in assignments:
        document.override(assignment)
    for name, value in flags.items():
        if value is not None:
            document.put((name,), str(value), f"--{name.replace('_', '-')} {value}")
    result = declare(kind, document)
    for note in result.notes:
        click.echo(f"note: {note}", err=True)
    return result.spec


def changed(document: Document, file: Path | None) -> Document:
    """What is registered, with what a file declares in place of it."""
    if file is not None:
        document.overlay(read(file))
    return document


def here(path: str | None) -> str | None:
    """A path given on the command line begins where the command runs, whatever a file says; URLs stay."""
    return path if path is None or "://" in path else str(Path(path).expanduser().absolute())


def confirm(question: str, yes: bool) -> None:
    """Ask before something is deleted, unless told not to."""
    if not yes:
        click.confirm(f"{question} (--yes does not ask)", abort=True, err=True)
