"""The pages under docs/ say what the schemas and the commands' help say, and their examples can be registered."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from deployments.declarations import declare, read
from deployments.declarations.schema import KINDS, schema_of

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)")


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The folder docs/ somewhere else, to be changed."""
    return shutil.copytree(DOCS, tmp_path / "docs", ignore=shutil.ignore_patterns("__pycache__"))


def generate(docs: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(docs / "generate.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=DOCS.parent)


def test_no_generated_page_is_stale() -> None:
    checked = generate(DOCS, "--check")
    assert checked.stdout == "", "type `make docs`, and look at what it changed"
    assert checked.returncode == 0, checked.stderr


def test_a_page_that_is_stale_or_missing_is_named_and_written_again(copied: Path) -> None:
    with (copied / "yaml" / "model.md").open("a") as page:
        page.write("An afterthought.\n")
    (copied / "command-line.md").unlink()
    checked = generate(copied, "--check")
    assert checked.returncode == 1
    assert checked.stdout.splitlines() == ["docs/yaml/model.md", "docs/command-line.md"]
    assert not (copied / "command-line.md").exists()
    assert generate(copied).returncode == 0
    assert (copied / "command-line.md").read_text() == (DOCS / "command-line.md").read_text()
    assert generate(copied, "--check").returncode == 0


@pytest.mark.parametrize("kind", KINDS)
def test_the_example_of_a_kind_is_one(kind: str) -> None:
    example = DOCS / "examples" / f"{kind}.yml"
    Draft202012Validator(schema_of(kind)).validate(YAML(typ="safe").load(example))
    assert declare(KINDS[kind], read(example)).notes == []


def test_a_page_has_a_row_for_each_key_and_says_which_are_required() -> None:
    page = (DOCS / "yaml" / "batch-deployment.md").read_text()
    settings = page.partition("## `settings`\n")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `(\w+)`", settings, re.MULTILINE) == list(
        schema_of("batch-deployment")["$defs"]["Settings"]["properties"]
    )
    assert re.findall(r"^\| `(\w+)` .*\*\*required\*\*", page.partition("\n## ")[0], re.MULTILINE) == [
        *("name", "endpoint_name", "model", "compute")
    ]


@pytest.mark.parametrize("page", ["README.md", *sorted(str(path.relative_to(ROOT)) for path in DOCS.rglob("*.md"))])
def test_every_link_of_a_page_leads_somewhere(page: str) -> None:
    for target, anchor in LINK.findall((ROOT / page).read_text()):
        found = (ROOT / page).parent / target if target else ROOT / page
        assert found.exists(), target
        assert not anchor or anchor in anchors(found), anchor


def anchors(page: Path) -> set[str]:
    """What can be linked to on a page, as GitHub and most others name it."""
    headings = re.findall(r"^#+ (.*)", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
