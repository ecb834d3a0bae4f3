"""What a job came to, as an artifact on its flow run's page."""

import httpx
from prefect import get_run_logger
from prefect.artifacts import create_markdown_artifact
from prefect.exceptions import PrefectException

from flows.markdown import as_code, as_link, as_table, as_text
from scoring.ledger import Cause
from scoring.publication import FAILURES, SUMMARY
from scoring.report.build import REPORT
from scoring.spelling import count
from scoring.summary import Summary

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
        create_markdown_artifact(key=KEY, markdown=as_markdown(summary), description=as_text(summary.message))
    except (httpx.HTTPError, PrefectException) as error:
        get_run_logger().warning("The summary is not on this page, only beside the output: %s", error)


def as_markdown(summary: Summary) -> str:
    """The state, the ledger's totals, the causes of failure, and where the output is; the message stands above it."""
    files = summary.files.model_dump()
    page = [
        f"### {summary.state}",
        as_table(list(files), [[count(number) for number in files.values()]]),
        _causes(summary.causes),
        _outputs(summary),
        "Seconds: " + ", ".join(f"{as_text(stage)} {seconds:.1f}" for stage, seconds in summary.timings.items()),
    ]
    return "\n\n".join(part for part in page if part)


def _causes(causes: tuple[Cause, ...]) -> str:
    rows = [[str(each.files), each.error, each.where, each.message, each.first] for each in causes]
    titles = ["files", "error", "where", "message", "first file"]
    return as_table(titles, [[as_text(cell) for cell in row] for row in rows]) if rows else ""


def _outputs(summary: Summary) -> str:
    """What the job wrote, where that is, and how to have it: a browser opens no path of another machine."""
    known = [name for name in (summary.rows_file, FAILURES, REPORT, SUMMARY) if name in summary.written]
    own = [name for name in summary.written if name not in known]
    what = {summary.rows_file or "": f"{count(summary.rows)} rows"} | OUTPUTS
    rows = [
        [as_link(name, summary.output, name) or as_code(name), what.get(name, "written by the script")]
        for name in known + own[:NAMED]
    ]
    more = f"\n\nand {count(len(own) - NAMED)} more" if len(own) > NAMED else ""
    fetch = as_code(f"batchpoint job download -n {summary.job} --output-name score")
    return f"{as_table(['output', 'is'], rows)}{more}\n\nIn {as_code(summary.output)}\n\nTo fetch it: {fetch}"
