"""Every example in the client's docstrings, and on the page about it, runs and gives what it says."""

import doctest
import importlib
import pkgutil
import re
from pathlib import Path
from typing import Any

import pytest

import deployments
import deployments.client
from deployments import Client, JobNotCompletedError
from deployments.client.jobs import Jobs
from deployments.embedded import Connection

PAGE = Path(__file__).parents[2] / "docs" / "python.md"
MODULES = [
    importlib.import_module(f"deployments.client.{each.name}")
    for each in pkgutil.iter_modules(deployments.client.__path__)
]
EXAMPLES = [
    each for module in MODULES for each in doctest.DocTestFinder(exclude_empty=True).find(module) if each.examples
]
ON_A_SERVER = [each for each in EXAMPLES if each.name.endswith(Jobs.__name__)]


def run(example: doctest.DocTest, **known: object) -> None:
    """Run an example that knows everything `deployments` exports, and some names more."""
    exported = {name: getattr(deployments, name) for name in deployments.__all__}
    example.globs = exported | known
    said: list[str] = []
    results = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example, out=said.append, clear_globs=False)
    assert results.failed == 0, "".join(said)


@pytest.mark.parametrize("example", [each for each in EXAMPLES if each not in ON_A_SERVER], ids=lambda each: each.name)
def test_an_example_of_a_docstring_runs(example: doctest.DocTest, client: Client) -> None:
    run(example, client=client)


@pytest.mark.server
def test_the_page_about_the_client_and_the_examples_about_jobs_run_on_a_server(
    server: Connection, project: Path
) -> None:
    known: dict[str, Any] = {}
    walk, *rest = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    exec(walk, known)
    assert (project / "out/named-outputs/score/predictions.csv").read_text().split("\n")[1] == "a good day"
    for example in ON_A_SERVER:
        run(example, client=known["client"], job=known["job"])
    for block in rest:
        exec(block, known)
    with pytest.raises(JobNotCompletedError, match=r"job '.*' is Canceled"):
        known["client"].jobs.stream(known["job"].name)


def test_every_noun_has_an_example(client: Client) -> None:
    shown = {each.name.removeprefix("deployments.client.").split(".")[1] for each in EXAMPLES}
    assert {type(noun).__name__ for noun in vars(client).values()} <= shown


def test_the_page_names_every_verb(client: Client) -> None:
    rows = re.findall(r"^\| (`.*?) \| (.*?) \|$", PAGE.read_text(), re.MULTILINE)
    for names, verbs in rows[1:]:
        for name in re.findall(r"`(\w+)`", names):
            public = {verb for verb in dir(getattr(client, name)) if not verb.startswith("_")}
            assert public - {"download"} == set(re.findall(r"`(\w+)`", verbs)) - {"download"}, name
    named = {name for names, _ in rows[1:] for name in re.findall(r"`(\w+)`", names)}
    assert named == set(vars(client))
