"""What every command shares: output, errors, and how Azure's command line is spelled."""

import importlib
import shlex
from collections.abc import Iterator
from typing import Any

import click

from deployments.cli.errors import causes
from deployments.cli.output import FORMATS, Query, show

PAIRS = {"--set", "--tags", "--defaults", "--inputs", "--outputs"}
CHANGES = {"--add", "--remove"}
EXIT_CODE = "batchpoint.exit_code"
"""Where in a context's meta a command that has a result leaves another exit code than 0."""


def shared_options() -> list[click.Parameter]:
    """Options of every command; Azure's scripts name a workspace, of which there is one here."""
    return [
        click.Option(["--query"], type=Query(), help="JMESPath that picks from the result; see https://jmespath.org."),
        click.Option(
            ["--output", "-o"], type=click.Choice(FORMATS), default="json", show_default=True, help="Output format."
        ),
        click.Option(["--debug"], is_flag=True, help="Show the traceback of an error."),
        click.Option(["--resource-group", "-g"], hidden=True, expose_value=False),
        click.Option(["--workspace-name", "-w"], hidden=True, expose_value=False),
        click.Option(["--subscription"], hidden=True, expose_value=False),
        click.Option(["--only-show-errors"], is_flag=True, hidden=True, expose_value=False),
    ]


class Verb(click.Command):
    """A command that returns its result: it is shown as --query and --output say, and errors become lines."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params = [*self.params, *shared_options()]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, list(_several_values(self._in_full(args))))

    def invoke(self, ctx: click.Context) -> Any:
        query, output, debug = (ctx.params.pop(name) for name in ("query", "output", "debug"))
        try:
            show(super().invoke(ctx), output, query)
            ctx.exit(ctx.meta.get(EXIT_CODE, 0))
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):  # click knows what to do
            raise
        except Exception as error:
            if debug:
                raise
            for line in causes(error):
                click.echo(f"error: {line}", err=True)
            ctx.exit(1)

    def _in_full(self, args: list[str]) -> Iterator[str]:
        """Options may be cut short where that is clear, as in `--endpoint mnist`."""
        known = [name for param in self.params for name in param.opts if name.startswith("--")]
        for arg in args:
            option, equals, value = arg.partition("=")
            meant = [name for name in known if name.startswith(option)]
            is_short = option.startswith("--") and len(option) > 2 and option not in known
            yield f"{meant[0]}{equals}{value}" if is_short and len(meant) == 1 else arg


class Noun(click.Group):
    """A group of verbs; some may live in modules that are imported when they are asked for.

    Args:
        later: commands by name, each as MODULE:ATTRIBUTE.
    """

    command_class = Verb

    def __init__(self, *args: Any, later: dict[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.later = later or {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *self.later})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.later:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = self.later[cmd_name].partition(":")
        found = getattr(importlib.import_module(module), attribute)
        assert isinstance(found, click.Command)
        return found


def _several_values(args: Iterator[str]) -> Iterator[str]:
    """`--set a=1 b=2` sets both, as in Azure's command line; what follows `--add` or `--remove` is one change."""
    option = ""
    words: list[str] = []
    for arg in args:
        if arg.startswith("-"):
            yield from _gathered(option, words)
            option, equals, value = arg.partition("=") if arg.startswith("--") else (arg, "", "")
            words = [value] if equals and option in PAIRS | CHANGES else []
            if option not in PAIRS | CHANGES:
                yield arg
        elif option in PAIRS | CHANGES:
            words.append(arg)
        else:
            yield arg
    yield from _gathered(option, words)


def _gathered(option: str, words: list[str]) -> Iterator[str]:
    if option in PAIRS:
        for word in words or [""]:
            yield from (option, word)
    elif option in CHANGES:
        yield from (option, shlex.join(words))
