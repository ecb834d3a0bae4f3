"""Advice where a job takes longer to begin than to score."""

from scoring import spelling
from scoring.advice.advice import Advice
from scoring.advice.situation import Situation

MOST = 0.6
"""Of the job's time, that is not spent on scoring."""
LEAST_SECONDS = 3.0
WAITED = ("turn", "wait")
"""Stages in which other jobs had what this one needed."""


def advise_start(job: Situation) -> Advice | None:
    """More files per job, where most of it went into starting."""
    total = job.seconds - sum(job.timings.get(stage, 0.0) for stage in WAITED)
    scoring = job.scoring_seconds
    if total < LEAST_SECONDS or not scoring or 1 - scoring / total < MOST:
        return None
    once = total - scoring
    more, whole = spelling.seconds(scoring), spelling.seconds(job.seconds)
    return Advice(
        finding=(
            f"{spelling.seconds(once)} of the job's {whole} went into starting and ending it; its "
            f"{spelling.counted(job.files, 'file')} took {more}."
        ),
        change="Send more files with each job, and fewer jobs",
        gain=f"A job of twice the files would take about {more} more, not {whole}.",
    )
