"""What tests of scoring share: real files, real scoring processes, and a look at what is left of them."""

import json
import os
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

import scoring
from scoring.manifest import Manifest
from scoring.settings import Settings
from scoring.summary import Summary

SCRIPTS = Path(__file__).parents[1] / "scripts"
MARK = "SCORING_TEST_MARK"

# What a case takes depends on what else the machine does; nothing of a run is kept beside the tests.
settings.register_profile("batchpoint", deadline=None, database=None, print_blob=True)
settings.load_profile("batchpoint")


def line_of(script: str, text: str = "# here") -> int:
    """The line of a script that its test expects to be named."""
    lines = (SCRIPTS / script).read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def write_files(folder: Path, names: Iterable[str]) -> Path:
    """Make input files; each holds its own name."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return folder


def processes_with(mark: str) -> list[str]:
    """Command lines of the processes whose environment holds a mark; those that setsid or forked as well."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and entry.name != str(os.getpid()):
            try:
                if mark.encode() in (entry / "environ").read_bytes():
                    found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:
                continue  # it ended while we looked
    return found


def wait_for(claim: Callable[[], Any], seconds: float) -> bool:
    """Whether a claim comes true within some seconds."""
    deadline = time.monotonic() + seconds
    while not claim():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


@dataclass(frozen=True)
class Outcome:
    """A summary, and the files that lie beside it."""

    summary: Summary
    folder: Path

    @property
    def rows(self) -> str:
        assert self.summary.rows_url is not None
        return Path(self.summary.rows_url).read_bytes().decode()

    @property
    def failures(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "failures.jsonl").read_text().splitlines()]

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """Files scored, failed, skipped and pending."""
        files = self.summary.files
        assert files.scored + files.failed + files.skipped + files.pending == files.listed
        return files.scored, files.failed, files.skipped, files.pending


@pytest.fixture
def mark() -> Iterator[str]:
    """Marks a test's scoring processes; when the test is over, none of them may be left."""
    mark = uuid.uuid4().hex
    yield mark
    assert processes_with(mark) == []


@pytest.fixture
def make_manifest(tmp_path: Path, mark: str) -> Callable[..., Manifest]:
    """The manifest of a job that runs one of tests/scripts; not written yet."""

    def make_manifest(
        script: str, inputs: str | Path, variables: dict[str, str] | None = None, **settings: Any
    ) -> Manifest:
        return Manifest(
            job="a-job",
            folder=str(tmp_path / "job"),
            input=str(inputs),
            output=str(tmp_path / "job/score"),
            script=str(SCRIPTS / script),
            code=str(SCRIPTS),
            python=sys.executable,
            settings=Settings.model_validate(
                {"mini_batch_size": 1, "environment_variables": {MARK: mark, **(variables or {})}, **settings}
            ),
        )

    return make_manifest


@pytest.fixture
def score_with(tmp_path: Path, mark: str) -> Callable[..., Outcome]:
    """Score files with one of tests/scripts; retries and deadlines are short unless a test says otherwise."""

    def score_with(
        script: str | Path,
        files: int | Iterable[str] = 3,
        *,
        size: int = 1,
        slots: int = 1,
        max_retries: int = 0,
        timeout: float = 20,
        variables: dict[str, str] | None = None,
        output: Path | None = None,
        inputs: Path | None = None,
        model: Path | None = None,
        python: str | None = None,
        overwrite: bool = False,
        on_news: Callable[[Any], None] | None = None,
        literals: dict[str, Any] | None = None,
        **settings: Any,
    ) -> Outcome:
        names = [f"{number:03d}" for number in range(files)] if isinstance(files, int) else files
        folder = output or tmp_path / "output"
        summary = scoring.score(
            script=SCRIPTS / script,
            inputs=inputs or write_files(tmp_path / "input", names),
            output=folder,
            model=model,
            python=python,
            overwrite=overwrite,
            on_news=on_news,
            literals=literals,
            settings={
                "mini_batch_size": size,
                "max_concurrency_per_instance": slots,
                "retry_settings": {"max_retries": max_retries, "timeout": timeout},
                "environment_variables": {MARK: mark, **(variables or {})},
                **settings,
            },
        )
        return Outcome(summary, folder)

    return score_with
