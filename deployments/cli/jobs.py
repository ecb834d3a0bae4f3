"""`batchpoint job` and `list-jobs`: jobs that were sent, watched, listed, and what they made."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from deployments.cli.command import Noun, Verb
from deployments.cli.following import follow
from deployments.cli.session import Session

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

    from deployments.service.job_records import Job

most = click.option(
    "--max-results", "-r", type=click.IntRange(min=1), default=50, show_default=True, help="How many at most."
)
job_name = click.option("--name", "-n", required=True, help="The job's name, or its id.")


def _client(session: Session) -> "SyncPrefectClient":
    """Prefect's client; it is the session's store that finds, or starts, the server."""
    assert session.store is not None
    from prefect.client.orchestration import get_client

    return get_client(sync_client=True)


@click.command("list-jobs", cls=Verb)
@click.option("--name", "-n", required=True, help="The endpoint's name.")
@most
@click.pass_obj
def list_jobs(session: Session, name: str, max_results: int) -> "list[Job]":
    """List an endpoint's jobs, the newest first."""
    client = _client(session)
    from deployments.service import jobs

    return jobs.list_all(session.store, client, endpoint=name, most=max_results)


@click.command("list-jobs", cls=Verb)
@click.option("--name", "-n", required=True, help="The deployment's name.")
@click.option("--endpoint-name", "-e", required=True, help="The endpoint it belongs to.")
@most
@click.pass_obj
def list_jobs_of_deployment(session: Session, name: str, endpoint_name: str, max_results: int) -> "list[Job]":
    """List a deployment's jobs, the newest first."""
    client = _client(session)
    from deployments.service import deployments, jobs

    found = deployments.show(session.store, endpoint_name, name)
    return jobs.list_all(session.store, client, endpoint=endpoint_name, deployment=found.name, most=max_results)


@click.group("job", cls=Noun)
def job() -> None:
    """Jobs: invocations of endpoints."""


@job.command("show")
@job_name
@click.pass_obj
def show(session: Session, name: str) -> "Job":
    """Show a job: its status, where its output is, and how its files fared."""
    client = _client(session)
    from deployments.service import jobs

    return jobs.show(session.store, client, name)


@job.command("list")
@most
@click.pass_obj
def list_all(session: Session, max_results: int) -> "list[Job]":
    """List jobs of all endpoints, the newest first."""
    client = _client(session)
    from deployments.service import jobs

    return jobs.list_all(session.store, client, most=max_results)


@job.command("stream")
@job_name
@click.pass_context
def stream(context: click.Context, name: str) -> None:
    """Follow a job's log and progress until it ends. Exit code 0 when all went well, 3 when it completed with failed
    files, 1 when it failed, 4 when it was canceled; Ctrl-C leaves it running, and gives 130.
    """
    client = _client(context.find_object(Session) or Session())
    follow(context, client, name)


@job.command("cancel")
@job_name
@click.option("--no-wait", is_flag=True, help="Do not wait until the job has ended.")
@click.pass_obj
def cancel(session: Session, name: str, no_wait: bool) -> "Job":
    """End a job; what it has stored is kept."""
    client = _client(session)
    from deployments.service import jobs

    return jobs.cancel(session.store, client, name, wait=not no_wait)


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
@click.option("--all", "all_outputs", is_flag=True, hidden=True, expose_value=False)
@click.pass_obj
def download(session: Session, name: str, output_name: str, download_path: Path) -> list[str]:
    """Fetch what a job wrote, once it has ended; print the files."""
    client = _client(session)
    from deployments.service.downloads import download

    return [str(path) for path in download(session.store, client, name, download_path, output_name)]
