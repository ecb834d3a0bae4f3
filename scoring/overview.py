"""A job's story in lines with their times: its stages, attempts, failed tries and end; and its failed tries alone."""

import time
from collections.abc import Iterable, Iterator
from itertools import islice

from scoring.attempts import ATTEMPTS, Attempt, FailedTry, lines_of, lines_of_all
from scoring.job import Job
from scoring.relay import LOGS, moment
from scoring.stages import Stages

OVERVIEW = "overview.log"
ERRORS = "errors.log"
TRIES_TOLD = 20  # of one attempt in the overview
MOST_ERRORS = 10_000  # failed tries in errors.log; failed-tries.csv has all

Line = tuple[float, str]
"""When, in seconds since 1970, and what."""


def write_logs(job: Job, stages: Stages, end: str, traceback: str = "") -> None:
    """Put both logs into the job's folder.

    Args:
        job: that has come to its end.
        stages: its stages up to now.
        end: what became of it, in a sentence.
        traceback: of what ended it, where the script did that before it was given any files.
    Raises: SupersededError; StoreError.
    """
    job.lease.check()
    told = [*_attempts(job), *_stages(stages), (time.time(), end)]
    job.folder.write(f"{LOGS}/{OVERVIEW}", _encoded(as_text(told)))
    job.folder.write(f"{LOGS}/{ERRORS}", _encoded([*errors(job), *_indented(traceback)]))


def overview(job: Job) -> Iterator[str]:
    """What the attempts at a job's chunks that have ended tell of it."""
    return as_text(_attempts(job))


def as_text(lines: Iterable[Line]) -> Iterator[str]:
    """Lines in the order of their times."""
    return (f"{moment(at)} {text}" for at, text in sorted(lines, key=lambda line: line[0]))


def errors(job: Job) -> Iterator[str]:
    """A line for each failed try, by mini-batch, with the traceback below it where the slot's log has it too."""
    tries = (line for line in lines_of_all(job.folder.folder(ATTEMPTS)) if isinstance(line, FailedTry))
    for told in islice(tries, MOST_ERRORS):
        where = f"mini-batch {told.mini_batch}, try {told.number}, slot {told.slot}"
        yield f"{moment(told.began + told.seconds)} [{where}] {told.fault}"
        yield from _indented(told.fault.traceback)
    if next(tries, None) is not None:
        yield f"more than {MOST_ERRORS} tries failed; all of them are in failed-tries.csv"


def _attempts(job: Job) -> Iterator[Line]:
    folder = job.folder.folder(ATTEMPTS)
    for name in folder.names():
        yield from _attempt(lines_of(folder, name))


def _attempt(lines: Iterable[FailedTry | Attempt]) -> Iterator[Line]:
    for number, line in enumerate(lines):
        if isinstance(line, Attempt):
            what = f"slot {line.slot}: attempt {line.number} at {line.chunk}"
            yield line.began, f"{what} began"
            yield line.ended, f"{what} ended after {line.ended - line.began:.3f} s: {_came_to(line)}"
        elif number < TRIES_TOLD:
            yield line.began + line.seconds, f"slot {line.slot}: {_failed(line)}"


def _came_to(attempt: Attempt) -> str:
    said = [f"{attempt.scored} files scored"]
    if attempt.failed_tries:
        said.append("1 try failed" if attempt.failed_tries == 1 else f"{attempt.failed_tries} tries failed")
    if attempt.failed_tries > TRIES_TOLD:
        said.append(f"of which {TRIES_TOLD} are told here")
    if not attempt.is_whole:
        said.append("stopped before its end")
    return ", ".join(said)


def _failed(told: FailedTry) -> str:
    apart = f"; {told.saved} of its {told.files} files were scored apart" if told.calls else ""
    return f"mini-batch {told.mini_batch}, try {told.number} failed: {told.fault}{apart}"


def _stages(stages: Stages) -> Iterator[Line]:
    for stage, (end, seconds) in stages.ends().items():
        yield end, f"stage {stage} ended after {seconds:.3f} s"


def _indented(text: str) -> Iterator[str]:
    return (f"  {line}" for line in text.splitlines())


def _encoded(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")
