"""The end of a job: rows merged, ledger summed and checked, verdict given, everything committed at once."""

from pathlib import Path
from typing import TYPE_CHECKING

from scoring.errors import ScriptError
from scoring.job import Job
from scoring.ledger import Totals, entries, failure_lines, reasons
from scoring.output import Staging, partial_name
from scoring.overview import write_logs
from scoring.own_files import OwnFiles
from scoring.parts import RowReader, read_frames
from scoring.publication import FAILURES, SUMMARY
from scoring.rows import merge
from scoring.settings import OutputAction, Settings
from scoring.stages import Stages
from scoring.stopping import EarlyEnd
from scoring.storage import Folder
from scoring.summary import COMPLETED, FAILED, WITH_ERRORS, Summary, summarize
from scoring.tables import Tables
from scoring.telemetry import tell_of_job

if TYPE_CHECKING:
    from scoring.report.distributions import Distributions


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
        summary = summarize(
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
    return summarize(job, totals, state=state, message=message, written=(), rows_file=None, sha256=None)


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
