"""Whether the job is good, in one sentence that begins with numbers."""

from dataclasses import dataclass
from typing import Literal

from scoring import spelling
from scoring.summary import COMPLETED, WITH_ERRORS, Summary

Mark = Literal["good", "warning", "bad"]
NO_BREAK = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True)
class Verdict:
    """The job's end: a mark for the eye, a word, a sentence, and what else the job said."""

    mark: Mark
    word: str
    sentence: str
    more: str


def verdict_of(summary: Summary, seconds: float, tolerated: int | None = None) -> Verdict:
    """The verdict on a job that took so many seconds, and of which so many files might fail; None: all."""
    files = summary.files
    to_score = files.listed - files.skipped
    duration = spelling.seconds(seconds).replace(" ", NO_BREAK)
    took = f" in{NO_BREAK}{duration}" if seconds else ""
    if summary.state == COMPLETED:
        all_of = f"All {spelling.counted(to_score, 'file')} were" if to_score > 1 else "The one file was"
        return Verdict("good", "Completed", f"{all_of} scored{took}.", _skipped(summary))
    said = f"{spelling.count(files.scored)} of {spelling.count(to_score)} files were scored{took}"
    causes = f", for {spelling.counted(len(summary.causes), 'cause')}" if summary.causes else ""
    share = spelling.share(files.failed / max(1, to_score)).replace(" ", NO_BREAK)
    failed = f"; {spelling.count(files.failed)} ({share}) failed{causes}" if files.failed else ""
    were = "was" if files.pending == 1 else "were"
    pending = f"; {spelling.count(files.pending)} {were} not reached" if files.pending else ""
    if summary.state == WITH_ERRORS:
        more = " ".join(filter(None, (_allowed(tolerated), _skipped(summary))))
        return Verdict("warning", "Completed with errors", f"{said}{failed}.", more)
    return Verdict("bad", summary.state, f"{said}{failed}{pending}: the job is {summary.state}.", summary.message)


def _allowed(tolerated: int | None) -> str:
    return "" if tolerated is None else f"error_threshold allows {spelling.counted(tolerated, 'failed file')}."


def _skipped(summary: Summary) -> str:
    skipped = summary.files.skipped
    return f"{spelling.counted(skipped, 'file')} were skipped, as summary.json tells." if skipped else ""
