"""What a job came to, as a record: summary.json beside the predictions."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import Field

from scoring.facts import Record, Text
from scoring.job import Job
from scoring.ledger import Cause, Totals
from scoring.listing import read_skipped
from scoring.manifest import Versioned
from scoring.output import summary_of
from scoring.stages import described
from scoring.storage import Folder

OUTPUT_AT = "; output: "
COMPLETED, WITH_ERRORS, FAILED = "Completed", "CompletedWithErrors", "Failed"
SKIPPED_NAMED = 100
CAUSES_NAMED = 20


class Files(Record):
    """The ledger's totals, in files: scored + failed + skipped + pending = listed."""

    listed: int = Field(description="Below the input, hidden ones too.")
    scored: int = Field(description="Whose rows are in the output, if the job writes rows.")
    failed: int = Field(description="Given up; failures.jsonl has a line for each.")
    skipped: int = Field(description="Hidden or unreadable, and so not tried.")
    pending: int = Field(0, description="Neither scored nor given up when the job ended early.")


class Summary(Record):
    """What a job came to: summary.json beside the predictions. Durations are seconds, times UTC."""

    job: str = Field(description="The job's id.")
    endpoint: str = Field("", description="Empty for what was scored without one.")
    deployment: str = Field("", description="Likewise.")
    state: str = Field(
        description="Completed, CompletedWithErrors or Failed.",
        json_schema_extra={"enum": [COMPLETED, WITH_ERRORS, FAILED]},
    )
    message: str = Field(description="What happened, in a sentence with numbers; of a job that failed also why.")
    files: Files = Field(description="What became of the files.")
    rows: int = Field(description="In the output.")
    mini_batches: int = Field(description="That the listing makes.")
    mini_batches_done: int = Field(description="Of which at least some files were scored.")
    tries: int = Field(description="Calls of run() that the mini-batches accounted for took, failed ones included.")
    scored_apart: int = Field(
        0, description="Files scored in calls of run() of their own, because others of their mini-batch failed."
    )
    base: str | None = Field(None, description="The earlier job whose rows were kept for files that had not changed.")
    kept: int = Field(0, description="Files whose rows are that job's.")
    columns: tuple[Text, ...] = Field(description="Of the rows, in the order of their first appearance.")
    causes: tuple[Cause, ...] = Field(description="Why files failed, the most frequent first; twenty at most.")
    skipped: tuple[dict[str, Text], ...] = Field(description="Path and reason of skipped files; a hundred at most.")
    input: str = Field(description="Path or URL of what was scored.")
    output: str = Field(description="Path or URL of the output folder.")
    written: tuple[Text, ...] = Field(description="Names of the files in the output folder, this one last.")
    rows_file: str | None = Field(description="Name of the file with the merged rows in the output folder, if any.")
    sha256: str | None = Field(description="Of that file.")
    model: Versioned | None = Field(description="That the script was given, if there was a registered one.")
    environment: Versioned | None = Field(None, description="That the script ran in, if there was a registered one.")
    script: str = Field(description="File name of the scoring script.")
    code_digest: str = Field(description="Sha256 of the folder that it lies in; empty where nobody registered it.")
    instance_count: int = Field(description="Instances of the compute that the job had.")
    slots: int = Field(description="Scoring processes at once.")
    mini_batch_size: int = Field(description="Most files in one call of run().")
    script_seconds: float = Field(description="Seconds that calls of run() took that returned, summed over the slots.")
    fetch_seconds: float = Field(0, description="Seconds that slots waited for input files, summed over the slots.")
    timings: dict[str, float] = Field(default_factory=dict, description=described())
    ended: datetime = Field(description="When this was written.")

    @property
    def said(self) -> str:
        """What happened and where the output is, in one sentence."""
        return f"{self.message}{OUTPUT_AT}{self.output}"

    @property
    def rows_url(self) -> str | None:
        """Where the merged rows are."""
        return f"{self.output}/{self.rows_file}" if self.rows_file else None


def committed_summary(job: Job) -> Summary | None:
    """The summary of this job's whole output, if it has been committed: then there is nothing left to do."""
    found = summary_of(Folder(job.manifest.output), job.manifest.job)
    return Summary.model_validate(found) if found.get("state") in {COMPLETED, WITH_ERRORS} else None


def summarize(job: Job, totals: Totals, **known: Any) -> Summary:
    """What a ledger's totals and the job's manifest say; `known` is the rest."""
    manifest = job.manifest
    skipped = [line for line, _ in zip(read_skipped(job.folder), range(SKIPPED_NAMED), strict=False)]
    return Summary(
        job=manifest.job,
        endpoint=manifest.endpoint,
        deployment=manifest.deployment,
        files=Files(
            listed=totals.listed,
            scored=totals.scored,
            failed=totals.failed,
            skipped=totals.skipped,
            pending=totals.pending,
        ),
        rows=totals.rows,
        mini_batches=totals.mini_batches,
        mini_batches_done=totals.mini_batches_done,
        tries=totals.tries,
        scored_apart=totals.apart,
        base=manifest.base.job if manifest.base is not None else None,
        kept=totals.kept,
        columns=tuple(totals.columns),
        causes=tuple(totals.grouped()[:CAUSES_NAMED]),
        skipped=tuple(skipped),
        input=manifest.input,
        output=manifest.output,
        model=manifest.model,
        environment=manifest.environment,
        script=Path(manifest.script).name,
        code_digest=manifest.code_digest,
        instance_count=manifest.instance_count,
        slots=manifest.slots,
        mini_batch_size=manifest.settings.mini_batch_size,
        script_seconds=round(totals.script_seconds, 3),
        fetch_seconds=round(totals.fetch_seconds, 3),
        ended=datetime.now(UTC),
        **known,
    )
