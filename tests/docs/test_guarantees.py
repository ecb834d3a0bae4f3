"""Pages name tests that prove what they say, and these are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = [
    tuple(cell.strip() for cell in line.strip("| \n").split(" | "))
    for line in (ROOT / "docs/guarantees.md").read_text().splitlines()
    if line.startswith("| ") and not line.startswith(("| what dies |", "| --- |"))
]
TEST = re.compile(r"`(tests/\S+\.py)::(\w+)`")


def test_a_row_says_what_happens_what_is_kept_what_to_do_and_what_proves_it() -> None:
    assert len(ROWS) > 15
    assert {len(row) for row in ROWS} == {5}
    assert [row[0] for row in ROWS if "" in row] == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:60])
def test_a_row_names_its_proof(row: tuple[str, ...]) -> None:
    assert TEST.findall(row[-1]) or "by hand" in row[-1]


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda page: page.name)
def test_what_a_page_names_as_its_proof_is_a_test(page: Path) -> None:
    for file, test in TEST.findall(page.read_text()):
        assert f"def {test}(" in (ROOT / file).read_text(), f"{file}::{test}"
