"""What the README says, held against the code it speaks of."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from blocks.overrides import Overrides, RetryOverrides
from deployments.cli.main import batchpoint
from scoring.settings import RetrySettings, Settings, Strict

README = (Path(__file__).parents[1] / "README.md").read_text()
COMMANDS = re.findall(r"^ {4,6}(?:JOB=\$\()?batchpoint (.*?)\)?$", README, flags=re.MULTILINE)


def rows_of(model: type[Strict], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        if name == "retry_settings":
            yield from rows_of(RetrySettings, "retry_settings.")
            continue
        default = field.get_default(call_default_factory=True)
        shown = {"None": "", "{}": "", "False": "false", "True": "true"}.get(str(default), str(default))
        yield " ".join(f"| `{prefix}{name}` | {shown} | {field.description} |".split())


def overridable() -> Iterator[str]:
    for name in Overrides.model_fields:
        if name == "retry_settings":
            yield from (f"retry_settings.{each}" for each in RetryOverrides.model_fields)
        else:
            yield name


def test_the_table_of_settings_is_that_of_the_code() -> None:
    table = README.partition("### Settings")[2].partition("\nBeside them")[0]
    assert [row for row in table.splitlines() if row.startswith("| `")] == list(rows_of(Settings))


def test_the_settings_that_a_job_may_change_are_those_of_the_code() -> None:
    said = README.partition("<!-- overrides -->")[2].partition("<!-- /overrides -->")[0]
    assert re.findall(r"`(\S+)`", said) == list(overridable())


def test_the_readme_has_commands_to_look_at() -> None:
    assert len(COMMANDS) > 20


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_of_the_readme_is_one_of_the_command_line(line: str) -> None:
    arguments = shlex.split(line)
    command: click.Command = batchpoint
    context = click.Context(batchpoint)
    while isinstance(command, click.Group):
        name = arguments.pop(0)
        found = command.get_command(context, name)
        assert found is not None, name
        command = found
    parsed = command.make_context(command.name, arguments, parent=context)
    assert parsed.args == []
