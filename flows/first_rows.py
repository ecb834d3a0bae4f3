"""The first rows of a job's output, as a table on its flow run's page."""

import json
from collections.abc import Sequence
from typing import Any

import httpx
from prefect import get_run_logger
from prefect.artifacts import create_table_artifact
from prefect.exceptions import PrefectException

from flows.markdown import as_text
from scoring.errors import ScoringError
from scoring.report.predictions import first_rows
from scoring.report.text import shown
from scoring.settings import OutputFormat
from scoring.spelling import count
from scoring.storage import Folder
from scoring.summary import Summary

KEY = "first-rows"
ROWS = 20
COLUMNS = 12
LONGEST = 80  # characters of a cell


def show_first_rows(summary: Summary, layout: OutputFormat) -> None:
    """Keep them where Prefect's pages show them. The output is there by now: no job fails for want of a table."""
    if summary.rows_file is None or not summary.rows:
        return
    try:
        rows = first_rows(Folder(summary.output), summary.rows_file, layout, summary.columns, ROWS)
        table = as_table(rows, summary.columns)
        if table:
            create_table_artifact(table, key=KEY, description=said(summary, len(rows)))
    except (httpx.HTTPError, PrefectException, ScoringError, OSError, ValueError, KeyError) as error:
        get_run_logger().warning("The first rows are not on this page, only in the output: %s", error)


def said(summary: Summary, rows: int) -> str:
    """How much of the output that is."""
    columns = f", {COLUMNS} of {len(summary.columns)} columns" if len(summary.columns) > COLUMNS else ""
    return f"The first {count(rows)} of {count(summary.rows)} rows{columns}."


def as_table(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> list[dict[str, str]]:
    """Rows with short texts in their cells, all with the same columns."""
    names = list(columns[:COLUMNS]) or list(dict.fromkeys(name for row in rows for name in row))[:COLUMNS]
    return [{_cut(name): _cell(row.get(name)) for name in names} for row in rows] if names else []


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return as_text(_cut(text))


def _cut(text: str) -> str:
    whole = shown(text)
    return whole if len(whole) <= LONGEST else f"{whole[: LONGEST - 1]}…"
