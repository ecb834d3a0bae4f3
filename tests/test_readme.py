"""What the README and the pages it leads to say, held against the code they speak of."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from blocks.specs import Deployment, Endpoint
from deployments.cli.main import batchpoint
from deployments.declarations import declare, read
from scoring.settings import RetrySettings, Settings
from scoring.strict import Strict

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
WRITTEN = [page for page in sorted((ROOT / "docs").glob("*.md")) if page.name != "command-line.md"]
COMMAND = re.compile(r"^ {4,6}(?:JOB=\$\()?batchpoint (.*?)\)?$", re.MULTILINE)
COMMANDS = list(dict.fromkeys(COMMAND.findall(README + "".join(page.read_text() for page in WRITTEN))))


def rows_of(model: type[Strict], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        if name == "retry_settings":
            yield from rows_of(RetrySettings, "retry_settings.")
            continue
        default = field.get_default(call_default_factory=True)
        shown = {"None": "", "{}": "", "False": "false", "True": "true"}.get(str(default), str(default))
        yield " ".join(f"| `{prefix}{name}` | {shown} | {field.description} |".split())


def test_the_settings_that_are_shown_are_those_of_the_code() -> None:
    table = README.partition("### Settings")[2].partition("\nBeside them")[0]
    shown = [row for row in table.splitlines() if row.startswith("| `")]
    assert len(shown) > 3
    assert set(shown) <= set(rows_of(Settings))


def test_every_page_is_named_in_the_readme() -> None:
    pages = [str(page.relative_to(ROOT)) for page in (ROOT / "docs").rglob("*.md")]
    assert [page for page in pages if f"]({page})" not in README] == []


def test_the_readmes_own_model_is_declared_and_scores_in_a_notebook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    own = README.partition("## Your own model")[2]
    for name, text in re.findall(r"^`(\S+)`\n\n```\w+\n(.*?)^```", own, re.MULTILINE | re.DOTALL):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(text)
    Path("texts").mkdir()
    Path("texts/a.txt").write_text("a good and lovely day")
    Path("texts/b.txt").write_text("a day")
    assert (
        declare(Endpoint, read("endpoint.yml")).spec.name
        == declare(Deployment, read("deployment.yml")).spec.endpoint_name
    )
    notebook = own.partition("### In a notebook")[2].partition("```python\n")[2].partition("```")[0]
    exec(notebook)
    assert Path("texts-scored/predictions.csv").read_text() == "file,good_words\na.txt,2\nb.txt,0\n"


def test_a_shell_that_reads_az_ml_as_batchpoint_passes_over_the_rest_of_az() -> None:
    page = (ROOT / "docs" / "coming-from-azure.md").read_text()
    function = page.partition("```bash\n")[2].partition("```")[0]
    script = (
        f"set -e\n{function}\naz login\naz account set --subscription mine\naz ml schema model --query title -o tsv"
    )
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    told = subprocess.run(["bash", "-c", script], capture_output=True, text=True, env={**os.environ, "PATH": path})
    assert (told.stdout, told.returncode) == ("Model\n", 0), told.stderr


def test_the_pages_have_commands_to_look_at() -> None:
    assert len(COMMANDS) > 30


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_of_a_page_is_one_of_the_command_line(line: str) -> None:
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
