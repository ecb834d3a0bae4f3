"""The report of a job: one page that holds all it shows, made from what lies in the job's folder and its output."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from scoring.advice.advise import advise
from scoring.advice.situation import Situation
from scoring.job import Job
from scoring.planning import plan_chunks
from scoring.recorded import read_failed_tries, read_samples, read_tried
from scoring.report import durations, spending
from scoring.report.causes import explained
from scoring.report.columns import figures_of
from scoring.report.distributions import EARLIER, Distributions, columns_of
from scoring.report.memory import memory_of
from scoring.report.page import render
from scoring.report.predictions import Predictions, read_predictions
from scoring.report.remarks import interruption, said_of_slots, said_of_the_end
from scoring.report.text import shown
from scoring.report.throughput import Throughput
from scoring.report.thumbnails import Picks, Thumbnail, thumbnails_of
from scoring.report.timeline import Timeline
from scoring.report.verdict import verdict_of
from scoring.report.versions import model_of, settings_of, versions_of
from scoring.settings import OutputFormat
from scoring.storage import Folder
from scoring.summary import Summary
from scoring.work import Work

REPORT = "report.html"
PAGE = "page.html"


def build(job: Job, summary: Summary, output: Folder, earlier: Distributions | None = None) -> bytes:
    """The report of a job that has ended.

    Args:
        job: whose folder holds its tables; what its output holds is kept there, for the endpoint's next job.
        summary: what it came to.
        output: the folder that its rows and failures.jsonl lie in, which need not be published yet.
        earlier: what the output of the endpoint's previous job held.
    Returns: HTML in UTF-8.
    Raises: StoreError; OSError or ValueError where something in the folders is not what it should be.
    """
    work = Work.of(job.folder)
    drawn = _draw(job, work)
    found, thumbnails = _look_at_rows(job, summary, output, drawn.picks)
    columns = columns_of(found)
    if columns:
        _keep(job, summary, found, columns, earlier)
    figures = figures_of(columns, found, earlier)
    paused = interruption(work, summary.timings)
    in_one_go = not (summary.files.pending or paused)
    chunks = plan_chunks(summary.mini_batches, job.manifest.slots)
    seconds = sum(part.seconds for part in spending.of_stages(summary.timings))
    slots_spent = spending.of_slots(work, job.manifest.slots)
    return render(
        PAGE,
        name=job.manifest.job,
        manifest=job.manifest,
        summary=summary,
        verdict=verdict_of(summary, seconds, job.manifest.settings.tolerated(summary.files.listed)),
        seconds=seconds,
        began=summary.ended - timedelta(seconds=seconds),
        model=model_of(job.manifest),
        work=work,
        causes=explained(summary.causes, output),
        advice=advise(Situation.of(job, summary.timings, work)),
        timeline=drawn.timeline,
        slots_said=said_of_slots(work),
        end_said=said_of_the_end(work, chunks) if in_one_go else "",
        interruption=paused,
        throughput=drawn.throughput.bars() if work.mini_batches else None,
        durations=durations.bars_of(work) if work.mini_batches else None,
        slowest=drawn.slowest.found(job),
        has_header=job.manifest.settings.rows_format == OutputFormat.CSV,
        memory=memory_of(work, read_samples(job.folder)),
        stages=spending.of_stages(summary.timings),
        slots_spent=slots_spent,
        start_said=spending.said_of_start(slots_spent),
        found=found,
        figures=figures,
        shifted=[figure.column.name for figure in figures if figure.drift is not None and figure.drift.is_flagged],
        earlier=earlier,
        thumbnails=thumbnails,
        versions=versions_of(job.manifest, summary),
        settings=settings_of(job.manifest.settings),
        made=datetime.now(UTC),
        shown=shown,
    )


@dataclass(frozen=True)
class _Drawn:
    timeline: Timeline
    throughput: Throughput
    slowest: durations.Slowest
    picks: Picks


def _draw(job: Job, work: Work) -> _Drawn:
    """What is drawn mini-batch by mini-batch, in one pass over the tables."""
    drawn = _Drawn(Timeline(work), Throughput(work), durations.Slowest(), Picks(work.mini_batches))
    takers = [taker.add for taker in (drawn.timeline, drawn.throughput, drawn.slowest, drawn.picks)]
    for row in read_tried(job.folder):
        for take in takers:
            take(row)
    for failed in read_failed_tries(job.folder):
        drawn.timeline.add_failed(failed)
    drawn.timeline.finish()
    return drawn


def _look_at_rows(job: Job, summary: Summary, output: Folder, picks: Picks) -> tuple[Predictions, list[Thumbnail]]:
    if summary.rows_file is None or not summary.rows or not output.exists(summary.rows_file):
        return Predictions(), []
    files = picks.files(job, summary.rows)
    layout = job.manifest.settings.rows_format
    found = read_predictions(output, summary.rows_file, layout, summary.columns, summary.rows, files.keys())
    return found, thumbnails_of(job, files, found)


def _keep(job: Job, summary: Summary, found: Predictions, columns: Any, earlier: Distributions | None) -> None:
    own = Distributions(
        job=job.manifest.job,
        deployment=job.manifest.deployment,
        ended=summary.ended,
        rows=found.rows,
        sampled=found.sampled,
        columns=columns,
    )
    own.write(job.folder)
    if earlier is not None:
        earlier.write(job.folder, EARLIER)
