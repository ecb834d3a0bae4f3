"""Options that several commands share, and how they become declarations."""

import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
from pydantic import BaseModel

from deployments.declarations import DeclarationError, Document, declare, read
from deployments.service.errors import field_of
from deployments.service.from_mlflow import is_kept_by_mlflow

M = TypeVar("M", bound=BaseModel)
F = TypeVar("F", bound=Callable[..., Any])
Flag = str | tuple[str, ...] | None


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
tags = click.option(
    "--tags",
    multiple=True,
    metavar="KEY=VALUE ...",
    help="Words of your own, to find and group things by: --tags owner=me team=vision.",
)
additions = click.option(
    "--add",
    "additions",
    multiple=True,
    metavar="KEY VALUE ...",
    help="Add to a mapping or a list of the declaration: --add tags owner=me.",
)
removals = click.option(
    "--remove",
    "removals",
    multiple=True,
    metavar="KEY",
    help="Remove a key of the declaration: --remove tags.owner.",
)
yes = click.option("--yes", "-y", is_flag=True, help="Do not ask.")
no_wait = click.option("--no-wait", is_flag=True, hidden=True, expose_value=False)
leave_build = click.option(
    "--no-wait", is_flag=True, help="Leave building its environment to the first job, instead of doing it now."
)


def version(kind: type[BaseModel]) -> Callable[[F], F]:
    """--version, -v."""
    return click.option("--version", "-v", help=about(kind, "version"))


def description(kind: type[BaseModel]) -> Callable[[F], F]:
    """--description, -d."""
    return click.option("--description", "-d", help=about(kind, "description"))


def note(said: str) -> None:
    """Tell the person who typed something they should know."""
    click.echo(f"note: {said}", err=True)


@contextmanager
def declared(kind: type[M], document: Document, assignments: tuple[str, ...], **flags: Flag) -> Iterator[M]:
    """The declaration that a document, `--set` and flags make together; what to know about it goes to stderr.

    An error inside that is about one of its fields is told with the file and line, or the flag, that gave the field.

    Args:
        kind: what is declared.
        document: as read from a file, or from what is registered.
        assignments: KEY=VALUE, applied over the document.
        flags: values of the options of the same names, which win over all; None is an option not given, several
            values are KEY=VALUE each.
    Raises: DeclarationError.
    """
    for assignment in assignments:
        document.override(assignment)
    for name, value in flags.items():
        if isinstance(value, str):
            document.put((name,), value, f"--{name.replace('_', '-')} {value}")
        elif value:
            document.put_pairs((name,), value, f"--{name}")
    result = declare(kind, document)
    for each in result.notes:
        note(each)
    try:
        yield result.spec
    except Exception as error:
        field = field_of(error)
        place = document.place(field) if field else ""
        if not place:
            raise
        raise DeclarationError(f"{place}: {error}") from error


def changed(
    document: Document, file: Path | None, additions: tuple[str, ...] = (), removals: tuple[str, ...] = ()
) -> Document:
    """What is registered, with what a file declares in place of it, and what `--remove` and `--add` do to it.

    Raises: DeclarationError.
    """
    if file is not None:
        document.overlay(read(file))
    for removal in removals:
        document.remove(shlex.split(removal))
    for addition in additions:
        document.add(shlex.split(addition))
    return document


def here(path: str | None) -> str | None:
    """A path given on the command line begins where the command runs, whatever a file says; URLs stay."""
    return path if path is None or "://" in path or is_kept_by_mlflow(path) else str(Path(path).expanduser().absolute())


def confirm(question: str, yes: bool) -> None:
    """Ask before something is deleted, unless told not to."""
    if not yes:
        click.confirm(f"{question} (--yes does not ask)", abort=True, err=True)
