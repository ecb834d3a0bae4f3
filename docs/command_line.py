"""The page of the command line, from the help of each command."""

from collections.abc import Iterator

import click
from tables import table

from deployments.cli.command import shared_options
from deployments.cli.main import batchpoint

INTRODUCTION = """\
# The command line

Each command prints its result as JSON to standard output, and what else there is to say to standard error. An option
may be cut short where that is clear (`--endpoint` for `--endpoint-name`), and takes several values where its words end
with dots: `--set a=1 b=2`. Every command but `demo` has these:
"""
AZURES = """\
`--resource-group`, `--workspace-name`, `--subscription` and `--only-show-errors` are accepted and ignored, for scripts
that were written for `az ml`.
"""


def page() -> str:
    """The whole page."""
    root = click.Context(batchpoint, info_name="batchpoint")
    shared = table(("option", ""), options(root, shared_options()))
    return "\n".join([INTRODUCTION, shared + "\n", AZURES, *sections(root, batchpoint)])


def sections(context: click.Context, group: click.Group) -> Iterator[str]:
    """A section for each command of a group, and for those below it."""
    depth = context.command_path.count(" ") + 2
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        below = click.Context(command, info_name=name, parent=context)
        yield f"{'#' * depth} `{below.command_path}`\n\n{told(command)}\n"
        if isinstance(command, click.Group):
            yield from sections(below, command)
        else:
            yield from usage(below, command)


def told(command: click.Command) -> str:
    """What a command says of itself."""
    return " ".join((command.help or "").split())


def usage(context: click.Context, command: click.Command) -> Iterator[str]:
    """A command's arguments and its options but for the shared ones."""
    shared = {parameter.name for parameter in shared_options()}
    own = [parameter for parameter in command.params if parameter.name not in shared]
    arguments = [each.make_metavar(context) for each in own if isinstance(each, click.Argument)]
    if arguments:
        yield f"    {context.command_path} {' '.join(arguments)}\n"
    if rows := list(options(context, own)):
        yield table(("option", ""), rows) + "\n"


def options(context: click.Context, parameters: list[click.Parameter]) -> Iterator[tuple[str, str]]:
    """For each option what is typed, and what its help says of it."""
    for parameter in parameters:
        record = parameter.get_help_record(context) if isinstance(parameter, click.Option) else None
        if record is not None:
            yield f"`{record[0]}`", record[1]
