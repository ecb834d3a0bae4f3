"""How a job's news looks: a live view on a terminal, plain lines elsewhere."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

import click

from deployments.service.job_log import Line
from deployments.service.job_records import Job
from deployments.service.streaming import News, Progress


class View(Protocol):
    """Where news are shown."""

    def shown(self) -> AbstractContextManager[object]:
        """The time in which there are news."""

    def say(self, text: str) -> None:
        """Show a line of ours."""

    def tell(self, line: Line, text: str) -> None:
        """Show a line of the job's log, as this text."""

    def move(self, progress: Progress) -> None:
        """Show how far the job is."""

    def change(self, job: Job) -> None:
        """Show the job's state; say() tells of it."""


def watch(news: Iterator[News], *, err: bool = False, is_live: bool = True) -> Job:
    """Show news on stdout, or else on stderr, until there is no more; then the verdict on a job that has ended.

    Args:
        news: the job first.
        err: whether they go to stderr.
        is_live: whether a terminal gets a live view; else it gets plain lines as well.
    Returns: the job as it was last.
    """
    view = _view(err) if is_live else Plain(err)
    job: Job | None = None
    with view.shown():
        for each in news:
            match each:
                case Line():
                    view.tell(each, log_line(each))
                case Progress():
                    view.move(each)
                case Job():
                    view.change(each)
                    for said in changes(job, each):
                        view.say(said)
                    job = each
    assert job is not None, "follow() begins with the job"
    for line in verdict(job) if job.has_ended else ():
        click.echo(line, err=err)
    return job


def _view(err: bool) -> View:
    is_dumb = os.environ.get("TERM", "dumb").lower() in {"dumb", "unknown"}
    if is_dumb or not (sys.stderr if err else sys.stdout).isatty():
        return Plain(err)
    from deployments.live_view import LiveView

    return LiveView(err=err)


def log_line(line: Line) -> str:
    """A line of the log with its time, and its level where someone should look."""
    level = f"{logging.getLevelName(line.level)} " if line.level >= logging.WARNING else ""
    return f"{line.at.astimezone():%H:%M:%S} {level}{line.text}"


def verdict(job: Job) -> Iterator[str]:
    """How the job ended, and how to have what it made."""
    yield f"{job.state}: {job.state_message}" if job.state_message else job.state
    if job.status == "Completed":
        yield f"to fetch it: batchpoint job download --name {job.name} --output-name score"


def changes(before: Job | None, now: Job) -> Iterator[str]:
    """What there is to say of a job at first, and when its state has changed."""
    if before is None:
        of = f" on {now.endpoint_name}" if now.endpoint_name else ""
        with_ = f" / {now.deployment_name}" if now.deployment_name else ""
        yield f"Job {now.name}{of}{with_}"
        for link in now.services.values():
            yield f"Web view: {link.endpoint}"
    if not now.has_ended and (before is None or before.status != now.status):
        yield f"Status: {now.status}"


class Plain:
    """One line per piece of news, for pipes and files."""

    def __init__(self, err: bool) -> None:
        self._err = err
        self._last: tuple[float, object] | None = None

    def shown(self) -> AbstractContextManager[object]:
        """Nothing has to be kept on a screen."""
        return nullcontext()

    def say(self, text: str) -> None:
        """Print a line."""
        click.echo(text, err=self._err)

    def tell(self, line: Line, text: str) -> None:  # noqa: ARG002 - the text has all of it
        """Print a line."""
        self.say(text)

    def move(self, progress: Progress) -> None:
        """Print how far it is, where files were settled; an estimate alone is no news."""
        counted = progress.percent, progress.standing.failed if progress.standing else progress.text
        if counted != self._last:
            self._last = counted
            self.say(f"{progress.percent:3.0f} % {progress.text}")

    def change(self, job: Job) -> None:
        """What has changed is said in a line."""
