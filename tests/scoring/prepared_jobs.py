"""Three jobs that were scored for real, each with something to read from its report."""

import shutil
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from PIL import Image

import scoring
from scoring.summary import Summary
from tests.scoring.conftest import SCRIPTS, write_files

HOSTILE = ["torn-<script>alert(1)</script>.txt", "torn-\u202egnp.txt", "torn-new\nline.txt", "torn-& 'quoted' \".txt"]


@dataclass(frozen=True)
class Reported:
    """A job, and its report as text by element."""

    summary: Summary
    folder: Path

    @property
    def html(self) -> str:
        return (self.folder / "report.html").read_text()

    @property
    def page(self) -> "Page":
        page = Page()
        page.feed(self.html)
        page.close()
        return page


class Page(HTMLParser):
    """The text of a page: of its sections by their ids, of its tables by row, and the elements that there are."""

    def __init__(self) -> None:
        super().__init__()
        self.sections: dict[str, str] = {}
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.rows: dict[str, list[list[str]]] = {}
        self._section = "top"
        self._is_in_cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in {"span", "a", "code", "strong"}:
            self.sections[self._section] = self.sections.get(self._section, "") + " "
        if tag == "section":
            self._section = str(dict(attrs)["id"])
        if tag == "tr":
            self.rows.setdefault(self._section, []).append([])
        if tag in {"td", "th"}:
            self.rows[self._section][-1].append("")
            self._is_in_cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "section":
            self._section = "rest"
        if tag in {"td", "th"}:
            self._is_in_cell = False

    def handle_data(self, data: str) -> None:
        self.sections[self._section] = self.sections.get(self._section, "") + data
        if self._is_in_cell:
            self.rows[self._section][-1][-1] += data.strip()

    def has(self, tag: str, **wanted: Any) -> bool:
        return any(tag == found and wanted.items() <= attrs.items() for found, attrs in self.elements)


def said(text: str) -> str:
    """A text as it is read: without the page's own lines and spaces."""
    return " ".join(text.split())


def clean(folder: Path) -> Reported:
    """120 pictures, all scored."""
    names = [f"digit-{number % 10}-{number:03d}.png" for number in range(120)]
    for name in names:
        (folder / "input").mkdir(exist_ok=True, parents=True)
        Image.new("L", (28, 28), color=(int(name[6]) * 25 + 5)).save(folder / "input" / name)
    return _report(folder, mini_batch_size=5, max_concurrency_per_instance=2)


def failing(folder: Path) -> Reported:
    """200 files, of which 31 fail for three causes; a few have names that a page must not take for its own."""
    names = [f"digit-{number:03d}.txt" for number in range(169)]
    names += [f"torn-{number:02d}.txt" for number in range(12)] + HOSTILE
    names += [f"blank-{number:02d}.txt" for number in range(9)] + [f"large-{number:02d}.txt" for number in range(6)]
    write_files(folder / "input", names)
    return _report(
        folder, mini_batch_size=8, max_concurrency_per_instance=2, retry_settings={"max_retries": 1, "timeout": 20}
    )


def uneven(folder: Path) -> Reported:
    """240 files on three slots, one of which is five times as slow as the others."""
    write_files(folder / "input", [f"digit-{number:03d}.txt" for number in range(240)])
    return _report(
        folder,
        mini_batch_size=4,
        max_concurrency_per_instance=3,
        environment_variables={"SLOW": str(folder / "slow"), "SECONDS": "0.01"},
    )


def _report(folder: Path, **settings: Any) -> Reported:
    model = folder / "digits-v7.bin"
    model.write_text("weights")
    summary = scoring.score(
        script=SCRIPTS / "reads_digits.py",
        inputs=folder / "input",
        output=folder / "output",
        model=model,
        settings=settings,
    )
    return Reported(summary, folder / "output")


JOBS = {"clean": clean, "failing": failing, "uneven": uneven}


def prepare(folder: Path) -> dict[str, Reported]:
    """All three."""
    for name in JOBS:
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).mkdir(parents=True)
    return {name: make(folder / name) for name, make in JOBS.items()}
