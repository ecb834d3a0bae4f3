"""What a job came to, as an artifact on its flow run's page."""

from html import escape
from urllib.parse import quote

import httpx
from prefect import get_run_logger
from prefect.artifacts import create_markdown_artifact
from prefect.exceptions import PrefectException

from scoring.assemble import Summary
from scoring.ledger import Cause
from scoring.publication import FAILURES, SUMMARY
from scoring.report.build import REPORT
from scoring.spelling import count

KEY = "summary"
NAMED = 10  # files that the script wrote itself
OUTPUTS = {
    FAILURES: "one line for each failed file",
    REPORT: "the job on one page, to open in a browser",
    SUMMARY: "totals, timings, versions",
}


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
        _outputs(summary),
        "Seconds: " + ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in summary.timings.items()),
    ]
    return "\n\n".join(part for part in page if part)


def _outputs(summary: Summary) -> str:
    """Where everything is that the job wrote, and how to fetch it; nobody's browser opens a path of another machine."""
    named = [name for name in (summary.rows_file, FAILURES, REPORT, SUMMARY) if name in summary.written]
    others = [name for name in summary.written if name not in named]
    what = {summary.rows_file or "": f"{count(summary.rows)} rows"} | OUTPUTS
    rows = [[_link(summary.output, name), what.get(name, "written by the script")] for name in named + others[:NAMED]]
    more = f"\n\nand {count(len(others) - NAMED)} more" if len(others) > NAMED else ""
    fetch = f"`batchpoint job download -n {summary.job} --output-name score`"
    folder = f"In {_code(summary.output)}; to fetch it: {fetch}"
    return f"{_table_of(['output', 'is'], rows)}{more}\n\n{folder}"


def _link(folder: str, name: str) -> str:
    is_page = folder.startswith(("https://", "http://"))
    return f"[{_text(name)}]({folder}/{quote(name)})" if is_page else _code(f"{folder}/{name}")


def _code(text: str) -> str:
    return f"`{' '.join(text.split()).replace('`', '')}`".replace("|", "\\|")


def _causes(causes: tuple[Cause, ...]) -> str:
    rows = [[str(each.files), each.error, each.where, each.message, each.first] for each in causes]
    return _table(["files", "error", "where", "message", "first file"], rows) if rows else ""


def _table(titles: list[str], rows: list[list[str]]) -> str:
    return _table_of(titles, [[_text(cell) for cell in row] for row in rows])


def _table_of(titles: list[str], rows: list[list[str]]) -> str:
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _text(said: str) -> str:
    """What scripts and files are called must not be read as HTML, nor end a table's cell."""
    return escape(" ".join(said.split()), quote=False).replace("|", "\\|")
