"""`batchpoint job` and `list-jobs`: jobs that were sent, watched, listed, and what they made."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from blocks.invocation import Invocation
from deployments.cli import options
from deployments.cli.ages import Age
from deployments.cli.command import Noun, Verb
from deployments.cli.following import follow, log_level
from deployments.cli.session import Session, prefect_client
from deployments.cli.web import open_page

if TYPE_CHECKING:
    from deployments.service.job_records import Job
    from deployments.service.removal import Plan, Pruned, Removed

LATER = {
    "advise": "deployments.cli.reports:advise",
    "replay": "deployments.cli.replay:replay",
    "report": "deployments.cli.reports:report",
}
most = click.option(
    "--max-results", "-r", type=click.IntRange(min=1), default=50, show_default=True, help="How many at most."
)
web = click.option("--web", is_flag=True, help="Open the job's page; where there is no browser, its link is printed.")
job_name = click.option("--name", "-n", required=True, help="The job's name, or its id.")


@click.command("list-jobs", cls=Verb)
@click.option("--name", "-n", required=True, help="The endpoint's name.")
@most
@click.pass_obj
def list_jobs(session: Session, name: str, max_results: int) -> "list[Job]":
    """List an endpoint's jobs, the newest first."""
    client = prefect_client(session)
    from deployments.service import jobs
    from deployments.service.standings import counted

    return counted(client, jobs.list_all(session.store, client, endpoint=name, most=max_results))


@click.command("list-jobs", cls=Verb)
@click.option("--name", "-n", required=True, help="The deployment's name.")
@click.option("--endpoint-name", "-e", required=True, help="The endpoint it belongs to.")
@most
@click.pass_obj
def list_jobs_of_deployment(session: Session, name: str, endpoint_name: str, max_results: int) -> "list[Job]":
    """List a deployment's jobs, the newest first."""
    client = prefect_client(session)
    from deployments.service import deployments, jobs
    from deployments.service.standings import counted

    found = deployments.show(session.store, endpoint_name, name)
    sent = jobs.list_all(session.store, client, endpoint=endpoint_name, deployment=found.name, most=max_results)
    return counted(client, sent)


@click.group("job", cls=Noun, later=LATER)
def job() -> None:
    """Jobs: invocations of endpoints."""


@job.command("show")
@job_name
@web
@click.pass_obj
def show(session: Session, name: str, web: bool) -> "Job":
    """Show a job: its status, where its output is, and how its files fared."""
    client = prefect_client(session)
    from deployments.service import jobs

    shown = jobs.show(session.store, client, name)
    if web:
        open_page(shown)
    return shown


@job.command("list")
@most
@click.option("--all-results", "-a", is_flag=True, help="All of them, however many.")
@click.option("--parent-job-name", hidden=True)
@click.pass_obj
def list_all(session: Session, max_results: int, all_results: bool, parent_job_name: str | None) -> "list[Job]":
    """List jobs of all endpoints, the newest first."""
    client = prefect_client(session)
    from deployments.service import jobs

    if parent_job_name is not None:  # Azure's scripts look there for the job that has the output, which is this one
        return [jobs.show(session.store, client, parent_job_name)]
    from deployments.service.standings import counted

    return counted(client, jobs.list_all(session.store, client, most=None if all_results else max_results))


@job.command("stream")
@job_name
@log_level
@click.option("--no-follow", is_flag=True, help="Only show what there is by now; the exit code is 0 while it runs.")
@web
@click.pass_context
def stream(context: click.Context, /, name: str, log_level: str | None, no_follow: bool, web: bool) -> None:
    """Follow a job's log and progress until it ends. Exit code 0 when all went well, 3 when it completed with failed
    files, 1 when it failed, 4 when it was canceled; Ctrl-C leaves it running, and gives 130.
    """
    client = prefect_client(context.find_object(Session) or Session())
    from deployments.service import jobs

    if web:
        open_page(jobs.read(client, name))
    follow(context, client, name, level=log_level, until_now=no_follow)


@job.command("logs")
@job_name
@click.option("--slot", type=click.IntRange(min=0), metavar="NUMBER", help="What the script printed in this slot.")
@click.option("--errors", is_flag=True, help="The failed tries alone, with their tracebacks.")
@click.pass_obj
def logs(session: Session, name: str, slot: int | None, errors: bool) -> None:
    """Print a job's log with times, also while it runs: its stages, attempts at chunks, failed tries and end."""
    if slot is not None and errors:
        raise click.UsageError("--slot and --errors are different logs; give one of them")
    client = prefect_client(session)
    from deployments.service import job_logs

    if slot is not None:
        lines = job_logs.read_slot(session.store, client, name, slot)
    else:
        read = job_logs.read_errors if errors else job_logs.read_overview
        lines = read(session.store, client, name)
    for line in lines:
        click.echo(line)


@job.command("cancel")
@job_name
@click.option("--no-wait", is_flag=True, help="Do not wait until the job has ended.")
@click.pass_obj
def cancel(session: Session, name: str, no_wait: bool) -> "Job":
    """End a job; what it has stored is kept."""
    client = prefect_client(session)
    from deployments.service import jobs

    return jobs.cancel(session.store, client, name, wait=not no_wait)


@job.command("resume")
@job_name
@click.option("--wait", is_flag=True, help="Follow the job to its end, and exit as `job stream` does.")
@click.pass_context
def resume(context: click.Context, name: str, wait: bool) -> "Job":
    """Have a job go on that failed, was canceled or lost its machine: it scores only what it has not scored yet."""
    session = context.find_object(Session) or Session()
    client = prefect_client(session)
    from deployments.service import jobs, resumption

    resumed = resumption.resume(session.store, client, name)
    if wait and not resumed.has_ended:
        follow(context, client, str(resumed.id), err=True)
        return jobs.show(session.store, client, str(resumed.id))
    return resumed


@job.command("rerun-failed")
@job_name
@click.option("--job-name", help=options.about(Invocation, "job_name"))
@click.option("--output-path", metavar="PATH", help=options.about(Invocation, "output_path"))
@click.option("--wait", is_flag=True, help="Follow the new job to its end, and exit as `job stream` does.")
@click.pass_context
def rerun_failed(context: click.Context, name: str, job_name: str | None, output_path: str | None, wait: bool) -> "Job":
    """Send a job for the failed files of one that has ended; it keeps that one's rows for the others."""
    session = context.find_object(Session) or Session()
    client = prefect_client(session)
    from deployments.service import jobs, rerun

    sent = rerun.rerun_failed(session.store, session.launcher, client, name, job_name=job_name, output=output_path)
    if not wait:
        return sent
    follow(context, client, str(sent.id), err=True)
    return jobs.show(session.store, client, str(sent.id))


@job.command("download")
@job_name
@click.option("--output-name", default="score", show_default=True, help="Which output; a job has one, score.")
@click.option(
    "--download-path",
    "-p",
    type=click.Path(path_type=Path, file_okay=False),
    default=".",
    help="Folder to put named-outputs/score/ into; left out, this one.",
)
@click.option("--all", "everything", is_flag=True, help="The manifest and the logs too, into artifacts/.")
@click.pass_obj
def download(session: Session, name: str, output_name: str, download_path: Path, everything: bool) -> list[str]:
    """Fetch what a job wrote, once it has ended; print the files."""
    client = prefect_client(session)
    from deployments.service import downloads

    if everything:
        fetched = downloads.download_all(session.store, client, name, download_path)
    else:
        fetched = downloads.download(session.store, client, name, download_path, output_name)
    return [str(path) for path in fetched]


@job.command("delete")
@job_name
@options.yes
@click.pass_obj
def delete(session: Session, name: str, yes: bool) -> "Removed":
    """Delete a job that has ended, with its parts, its logs, and its output unless that was sent elsewhere."""
    options.confirm(f"Delete job {name} and what it made?", yes)
    client = prefect_client(session)
    from deployments.service import removal

    return removal.delete(session.store, client, name)


@job.command("prune")
@click.option("--older-than", type=Age(), required=True, help="How long ago a job has ended, as in 30d, 12h or 2w.")
@click.option("--dry-run", is_flag=True, help="Only say which would go.")
@options.yes
@click.pass_obj
def prune(session: Session, older_than: timedelta, dry_run: bool, yes: bool) -> "Pruned | Plan":
    """Delete the jobs that ended long ago, but for those whose folders a later job or a data asset needs."""
    client = prefect_client(session)
    from deployments.service import removal

    planned = removal.plan(session.store, client, older_than)
    if dry_run:
        return planned
    if planned.going:
        options.confirm(f"Delete {len(planned.going)} jobs and what they made?", yes)
    return removal.prune(session.store, client, planned)
