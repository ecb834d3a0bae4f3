"""How a job's news looks: a moving bar below the log on a terminal, plain lines elsewhere."""

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext

import click

from deployments.service.job_records import Job
from deployments.service.streaming import Line, News, Progress


def watch(news: Iterator[News], *, err: bool = False) -> Job:
    """Show news on stdout, or else on stderr, until there is no more; then the verdict.

    Returns: the job as it ended.
    """
    view: Plain | Moving = Moving(err) if (sys.stderr if err else sys.stdout).isatty() else Plain(err)
    job: Job | None = None
    with view.shown():
        for each in news:
            match each:
                case Line():
                    view.say(log_line(each))
                case Progress():
                    view.move(each)
                case Job():
                    job = _changed(job, each, view.say)
    assert job is not None, "follow() begins with the job"
    for line in verdict(job):
        click.echo(line, err=err)
    return job


def log_line(line: Line) -> str:
    """A line of the log with its time, and its level where someone should look."""
    level = f"{logging.getLevelName(line.level)} " if line.level >= logging.WARNING else ""
    return f"{line.at.astimezone():%H:%M:%S} {level}{line.text}"


def verdict(job: Job) -> Iterator[str]:
    """How the job ended, and how to have what it made."""
    yield f"{job.state}: {job.state_message}" if job.state_message else job.state
    if job.status == "Completed":
        yield f"to fetch it: batchpoint job download --name {job.name} --output-name score"


def _changed(before: Job | None, now: Job, say: Callable[[str], None]) -> Job:
    if before is None:
        of = f" on {now.endpoint_name}" if now.endpoint_name else ""
        with_ = f" / {now.deployment_name}" if now.deployment_name else ""
        say(f"Job {now.name}{of}{with_}")
        for link in now.services.values():
            say(f"Web view: {link.endpoint}")
    if not now.has_ended and (before is None or before.status != now.status):
        say(f"Status: {now.status}")
    return now


class Plain:
    """One line per piece of news, for pipes and files."""

    def __init__(self, err: bool) -> None:
        self._err = err

    def shown(self) -> AbstractContextManager[object]:
        """Nothing has to be kept on a screen."""
        return nullcontext()

    def say(self, text: str) -> None:
        """Print a line."""
        click.echo(text, err=self._err)

    def move(self, progress: Progress) -> None:
        """Print how far it is."""
        click.echo(f"{progress.percent:3.0f} % {progress.text}", err=self._err)


class Moving:
    """A bar that stays at the bottom of the terminal while log lines pass above it."""

    def __init__(self, err: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bars

        self._console = Console(stderr=err, highlight=False, soft_wrap=True)
        self._bars = Bars(
            BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=self._console, transient=True
        )
        self._task = self._bars.add_task("waiting for the job to start", total=None)

    def shown(self) -> AbstractContextManager[object]:
        """The time in which the bar is on the screen."""
        return self._bars

    def say(self, text: str) -> None:
        """Print a line above the bar."""
        self._console.print(text, markup=False)

    def move(self, progress: Progress) -> None:
        """Move the bar."""
        self._bars.update(self._task, total=100, completed=progress.percent, description=progress.text)
