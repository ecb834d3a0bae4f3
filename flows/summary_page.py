"""What a job came to, as an artifact on its flow run's page."""

from html import escape

import httpx
from prefect import get_run_logger
from prefect.artifacts import create_markdown_artifact
from prefect.exceptions import PrefectException

from scoring.assemble import Summary
from scoring.ledger import Cause

KEY = "summary"


def show_summary(summary: Summary) -> None:
    """Keep the summary where Prefect's pages show it. The output is there by now: no job fails for want of a page."""
    try:
        create_markdown_artifact(key=KEY, markdown=as_markdown(summary), description=summary.message)
    except (httpx.HTTPError, PrefectException) as error:
        get_run_logger().warning("The summary is not on this page, only beside the output: %s", error)


def as_markdown(summary: Summary) -> str:
    """The state, the ledger's totals, the causes of failure, and where the output is."""
    files = summary.files.model_dump()
    page = [
        f"### {summary.state}",
        _text(summary.message),
        _table(list(files), [[str(count) for count in files.values()]]),
        _causes(summary.causes),
        f"{summary.rows} rows" + (f": `{summary.rows_url}`" if summary.rows_url else f"; output: `{summary.output}`"),
        "Seconds: " + ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in summary.timings.items()),
    ]
    return "\n\n".join(part for part in page if part)


def _causes(causes: tuple[Cause, ...]) -> str:
    rows = [[str(each.files), each.error, each.where, each.message, each.first] for each in causes]
    return _table(["files", "error", "where", "message", "first file"], rows) if rows else ""


def _table(titles: list[str], rows: list[list[str]]) -> str:
    lines = [titles, ["---"] * len(titles), *([_text(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _text(said: str) -> str:
    """What scripts and files are called must not be read as HTML, nor end a table's cell."""
    return escape(" ".join(said.split()), quote=False).replace("|", "\\|")
