"""The end of a job: rows merged, ledger summed and checked, verdict given, everything committed at once."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from scoring.errors import ScriptError
from scoring.facts import Record, Text
from scoring.job import Job
from scoring.ledger import Cause, Totals, entries, failure_lines, reasons
from scoring.listing import read_skipped
from scoring.manifest import Versioned
from scoring.output import Staging, partial_name, summary_of
from scoring.overview import write_logs
from scoring.own_files import OwnFiles
from scoring.parts import RowReader, read_frames
from scoring.publication import FAILURES, SUMMARY
from scoring.rows import merge
from scoring.settings import OutputAction, Settings
from scoring.stages import Stages, described
from scoring.stopping import EarlyEnd
from scoring.storage import Folder
from scoring.tables import Tables
from scoring.telemetry import tell_of_job

if TYPE_CHECKING:
    from scoring.report.distributions import Distributions

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


def assemble(
    job: Job, *, end: EarlyEnd | None = None, stages: Stages | None = None, earlier: "Distributions | None" = None
) -> Summary:
    """Merge what was scored, account for every file, and commit the output.

    Args:
        job: whose parts and facts are in its folder.
        end: why the job ended early; None when every chunk had its attempts.
        stages: those before this one, for the summary.
        earlier: what the output of the endpoint's previous job held, for the report.
    Returns: the summary that was committed. Its state is Failed when the job ended early, when nothing was scored,
        when more files failed than error_threshold allows, or when the ledger does not balance; the rows are then in
        a file called .partial.
    Raises: OutputExistsError when the output was taken meanwhile; nothing of this job is in it then. ScriptError when
        files that the script wrote itself cannot all be published. SupersededError when another run of the job has
        begun.
    """
    manifest = job.manifest
    staging = Staging(Folder(manifest.output), manifest.job, job.generation)
    try:
        own = OwnFiles(job)
        totals = _account(job, staging.path / FAILURES, own, settles_tried=end is not None and end.settles_tried)
        state, message = _verdict(job, totals, end)
        rows_file = _rows_file(manifest.settings, is_whole=state in {COMPLETED, WITH_ERRORS})
        sha256 = _write_rows(job, totals, staging.path / rows_file) if rows_file else None
        _stage_own_files(job, own, staging)
        stages = stages or Stages()
        stages.end("merge")
        summary = _summary(
            job,
            totals,
            state=state,
            message=message,
            written=(),
            rows_file=rows_file,
            sha256=sha256,
            timings=stages.rounded(),
        )
        summary = _with_report(job, summary, staging, earlier)
        (staging.path / SUMMARY).write_text(summary.model_dump_json(indent=2) + "\n")
        write_logs(job, stages, f"{state}: {message}")
        job.lease.check()
        staging.commit(overwrite=manifest.overwrite)
    finally:
        staging.discard()
    tell_of_job(job, stages, message, is_good=state != FAILED)
    return summary


def account(job: Job, *, state: str, message: str) -> Summary:
    """What a job has come to that ended without a summary, from what lies in its folder; nothing is written."""
    totals = Totals(listed=job.listing.files + job.listing.skipped, skipped=job.listing.skipped)
    for entry in entries(job):
        totals.add(entry)
    return _summary(job, totals, state=state, message=message, written=(), rows_file=None, sha256=None)


def _with_report(job: Job, summary: Summary, staging: Staging, earlier: "Distributions | None") -> Summary:
    """Stage the report; the summary that names all files."""
    from scoring.report.placing import stage_report  # with its templates, which commands that only read do without

    stage_report(job, summary, staging.path, earlier)
    return summary.model_copy(update={"written": (*staging.names(), SUMMARY)})


def _account(job: Job, failures: Path, own: OwnFiles, *, settles_tried: bool) -> Totals:
    totals = Totals(listed=job.listing.files + job.listing.skipped, skipped=job.listing.skipped)
    with failures.open("wb") as lines, Tables(job) as tables:
        for found in entries(job):
            entry = found.settled() if settles_tried else found
            totals.add(entry)
            tables.add(entry)
            lines.writelines(failure_lines(entry))
            if entry.frame is not None:
                own.add(entry.frame.facts)
    return totals


def _stage_own_files(job: Job, own: OwnFiles, staging: Staging) -> None:
    """Take in the files that the script wrote itself. Raises: ScriptError."""
    if job.manifest.settings.shared_output:
        own.add_shared()
    kept = job.manifest.own_files
    for name, file in own.files.items():
        if staging.take_in(name, kept, file.stored) != file.size:
            raise ScriptError(
                f"{name!r} in AZUREML_BI_OUTPUT_PATH has changed since run() returned; the scoring script must have "
                "its files written and closed by then"
            )


def _verdict(job: Job, totals: Totals, end: EarlyEnd | None) -> tuple[str, str]:
    """The job's state, and a sentence with numbers that names the first cause."""
    settings = job.manifest.settings
    to_score = totals.listed - totals.skipped
    tolerated = settings.tolerated(to_score)
    why = reasons(totals.grouped())
    if not totals.is_balanced:
        sums = f"{totals.scored} scored + {totals.failed} failed + {totals.skipped} skipped + {totals.pending} pending"
        return FAILED, f"the ledger does not balance: {sums} is not {totals.listed} listed"
    if end is not None and end.settles_tried:  # the cause says why they failed
        return FAILED, f"{end.cause}; {_counts(totals)}"
    if tolerated is not None and totals.failed > tolerated:
        return FAILED, f"error_threshold is {settings.error_threshold}; {totals.failed} of {to_score} files failed{why}"
    if end is not None:
        return FAILED, f"{end.cause}; {_counts(totals)}{why}"
    if totals.pending:
        also = f"; {totals.failed} failed{why}" if totals.failed else ""
        return FAILED, f"{totals.pending} of {to_score} files were neither scored nor given up{also}"
    if not totals.scored:
        return FAILED, f"all {to_score} files failed{why}"
    if totals.failed:
        return (
            WITH_ERRORS,
            f"{totals.scored} of {to_score} files scored{_kept(job, totals)}, {totals.failed} failed{why}",
        )
    return COMPLETED, f"{totals.scored} files scored{_kept(job, totals)}"


def _counts(totals: Totals) -> str:
    to_score = totals.listed - totals.skipped
    return f"{totals.scored} of {to_score} files scored, {totals.pending} pending, {totals.failed} failed"


def _kept(job: Job, totals: Totals) -> str:
    base = job.manifest.base
    if base is None:
        return ""
    return (
        f" (no rows of job {base.job} kept: {base.differs})"
        if base.differs
        else f" ({totals.kept} kept of job {base.job})"
    )


def _rows_file(settings: Settings, *, is_whole: bool) -> str | None:
    if settings.output_action == OutputAction.SUMMARY_ONLY:
        return None
    return settings.output_file_name if is_whole else partial_name(settings.output_file_name)


def _write_rows(job: Job, totals: Totals, target: Path) -> str:
    reader = RowReader(job.folder)
    try:
        return merge(
            lambda: read_frames(job.folder), reader, list(totals.columns), job.manifest.settings.rows_format, target
        )
    finally:
        reader.close()


def _summary(job: Job, totals: Totals, **known: Any) -> Summary:
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
