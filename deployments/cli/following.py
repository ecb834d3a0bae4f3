"""Following a job from a command: its news, and the exit code that says how it ended."""

import logging
from typing import TYPE_CHECKING

import click

from deployments.cli.command import EXIT_CODE

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

    from deployments.service.job_records import Job

FAILED = 1
WITH_FAILED_FILES = 3
CANCELED = 4
INTERRUPTED = 130


LEVELS = ("debug", "info", "warning", "error")
log_level = click.option(
    "--log-level", type=click.Choice(LEVELS, case_sensitive=False), help="Leave out log lines of lower levels."
)


def follow(
    context: click.Context,
    client: "SyncPrefectClient",
    name: str,
    *,
    err: bool = False,
    level: str | None = None,
    until_now: bool = False,
) -> "Job":
    """Show a job's news until it has ended, and leave the exit code that says how; Ctrl-C leaves the job running.

    Args:
        context: the command's.
        client: the Prefect server's.
        name: the job's name, or its id.
        err: whether the news go to stderr, as those of a command that has a result.
        level: lines of lower levels are left out.
        until_now: show what there is, and do not wait for more.
    Returns: the job as it was last.
    """
    from deployments.service import streaming
    from deployments.watching import watch

    lowest = logging.getLevelName(level.upper()) if level else logging.NOTSET
    try:
        job = watch(streaming.follow(client, name, level=lowest, until_now=until_now), err=err, is_live=not until_now)
    except KeyboardInterrupt:
        click.echo(
            f"left the job running; to follow it: batchpoint job stream --name {name}; to end it: batchpoint job "
            f"cancel --name {name}",
            err=True,
        )
        context.exit(INTERRUPTED)
    context.meta[EXIT_CODE] = exit_code(job) if job.has_ended else 0
    return job


def exit_code(job: "Job") -> int:
    """What a command that followed a job to its end says of it."""
    if job.status == "Completed":
        return WITH_FAILED_FILES if job.state == "CompletedWithErrors" else 0
    return CANCELED if job.status == "Canceled" else FAILED
