"""The summary on a flow run's page: what it says, and that nothing in it is taken for more than text."""

import pytest

from flows.summary_page import as_markdown
from scoring.ledger import Cause
from scoring.summary import Files, Summary


@pytest.fixture
def summary() -> Summary:
    return Summary.model_construct(
        state="CompletedWithErrors",
        message="7 of 9 files scored, 2 failed",
        files=Files(listed=10, scored=7, failed=2, skipped=1),
        rows=7,
        rows_file="predictions.csv",
        job="16f38be4",
        written=("predictions.csv", "failures.jsonl", "report.html", "masks/`a`|b.png", "summary.json"),
        output="/out",
        causes=(Cause(error="ValueError", where="score.py:7", message="a | <b>\nc", files=2, first="x|y.png"),),
        timings={"list": 0.25, "score": 1.0},
    )


def test_it_has_the_counts_the_causes_and_where_the_rows_are(summary: Summary) -> None:
    page = as_markdown(summary)
    assert page.startswith("### CompletedWithErrors\n\n| listed |")
    assert (
        "| listed | scored | failed | skipped | pending |\n| --- | --- | --- | --- | --- |\n| 10 | 7 | 2 | 1 | 0 |"
        in page
    )
    assert "| `predictions.csv` | 7 rows |" in page
    assert "| `report.html` | the job on one page, to open in a browser |" in page
    assert "In `/out`\n\nTo fetch it: `batchpoint job download -n 16f38be4 --output-name score`" in page
    assert page.endswith("Seconds: list 0.2, score 1.0")


def test_names_and_messages_stay_text_in_their_cells(summary: Summary) -> None:
    assert "| 2 | ValueError | score.py:7 | a \\| &lt;b&gt; c | x\\|y.png |" in as_markdown(summary)


def test_a_job_without_failures_or_rows_says_where_its_output_is(summary: Summary) -> None:
    page = as_markdown(summary.model_copy(update={"causes": (), "rows_file": None}))
    assert "error" not in page
    assert "7 rows" not in page
    assert "In `/out`\n" in page


def test_outputs_on_the_web_are_links_and_a_scripts_own_files_cannot_leave_their_cells(summary: Summary) -> None:
    page = as_markdown(summary.model_copy(update={"output": "https://files.test/out"}))
    assert "| [report.html](https://files.test/out/report.html) |" in page
    assert "| `masks/a\\|b.png` | written by the script |" in as_markdown(summary)
    many = tuple(f"{number}.png" for number in range(100))
    assert "and 90 more" in as_markdown(summary.model_copy(update={"written": many}))
