"""What a dry run has found, for people and for programs."""

import json
from statistics import median
from typing import Any

from pydantic import Field

from scoring.contract import column_types, problems, remarks
from scoring.dry_run import Trial
from scoring.facts import Record, Text
from scoring.manifest import Manifest
from scoring.proposals import Proposal, cost_of, proposals

ROWS_SHOWN = 3
LONGEST_ROW = 1000


class Findings(Record):
    """What a dry run has found; durations are seconds, sizes bytes."""

    endpoint: str = ""
    deployment: str = ""
    files_listed: int
    files_tried: tuple[Text, ...]
    start: float | None = Field(None, description="To the end of the script's import.")
    init: float | None = Field(None, description="That init() took.")
    call_alone: float | None = Field(None, description="Of a call with one file: the middle one of all.")
    call_together: float | None = Field(None, description="Of the call with all of them: the quicker one of two.")
    seconds_fixed: float | None = Field(None, description="Of a call, whatever its files.")
    seconds_per_file: float | None = None
    rows_per_file: tuple[int, int] | None = Field(None, description="The fewest and the most of one file.")
    columns: dict[str, tuple[str, ...]] = Field(default_factory=dict, description="By name, of what types cells are.")
    first_rows: tuple[Text, ...] = Field((), description="As JSON.")
    memory: int | None = Field(None, description="Of the scoring process and all that it starts, at most.")
    memory_limit: int | None = None
    cores: float | None = Field(None, description="CPU seconds of the scoring process in a second of its calls.")
    lines_printed: int = Field(0, description="By the call that printed most.")
    problems: tuple[Text, ...] = Field((), description="What files of a job would fail for.")
    remarks: tuple[Text, ...] = Field((), description="What no file fails for, and someone should look at.")
    proposals: tuple[Proposal, ...] = ()

    @property
    def can_score(self) -> bool:
        """Whether a call returned."""
        return self.rows_per_file is not None


def findings(trial: Trial, manifest: Manifest) -> Findings:
    """What a trial tells of the job that it was made for."""
    good = [call for call in trial.alone if call.fault is None]
    together = [call.seconds for call in trial.together if call.fault is None]
    cost = cost_of(trial)
    counts = [len(call.rows) for call in good]
    rows = [row for call in good for row in call.rows][:ROWS_SHOWN]
    return Findings(
        endpoint=manifest.endpoint,
        deployment=manifest.deployment,
        files_listed=trial.listed.files,
        files_tried=tuple(call.files[0] for call in trial.alone),
        start=_rounded(trial.seconds.get("start")),
        init=_rounded(trial.seconds.get("init")),
        call_alone=_rounded(median(call.seconds for call in good)) if good else None,
        call_together=_rounded(min(together)) if together else None,
        seconds_fixed=_rounded(cost.fixed) if cost is not None else None,
        seconds_per_file=_rounded(cost.each) if cost is not None else None,
        rows_per_file=(min(counts), max(counts)) if counts else None,
        columns={name: tuple(types) for name, types in column_types(good).items()},
        first_rows=tuple(_shown(row) for row in rows),
        memory=trial.memory,
        memory_limit=manifest.memory_limit,
        cores=_rounded(trial.cores),
        lines_printed=max((call.lines for call in trial.calls), default=0),
        problems=tuple(problems(trial)),
        remarks=tuple(remarks(trial)),
        proposals=tuple(proposals(trial, manifest)),
    )


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 6)


def _shown(row: dict[str, Any]) -> str:
    text = json.dumps(row, ensure_ascii=False)
    return text if len(text) <= LONGEST_ROW else f"{text[: LONGEST_ROW - 1]}…"
