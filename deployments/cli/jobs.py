"""`batchpoint job`, `batch-endpoint invoke` and `list-jobs`: sending jobs, watching them, fetching what they made."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from blocks.overrides import Overrides
from deployments.cli import options
from deployments.cli.command import Noun, Verb
from deployments.cli.session import Session
from deployments.declarations import Document

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

    from deployments.service.job_records import Job
    from deployments.service.submission import InputType

NOT_COMPLETED = 1
INTERRUPTED = 130
IN_AZURE_BELOW = ("settings.", "compute.", "resources.")

most = click.option(
    "--max-results", "-r", type=click.IntRange(min=1), default=50, show_default=True, help="How many at most."
)
job_name = click.option("--name", "-n", required=True, help="The job's name, or its id.")


def _client(session: Session) -> "SyncPrefectClient":
    """Prefect's client; it is the session's store that finds, or starts, the server."""
    assert session.store is not None
    from prefect.client.orchestration import get_client

    return get_client(sync_client=True)


@click.command("invoke", cls=Verb)
@click.option("--name", "-n", required=True, help="The endpoint's name.")
@click.option("--deployment-name", "-d", help="The deployment that scores; left out, the endpoint's default.")
@click.option(
    "--input",
    "input_",
    required=True,
    metavar="PATH",
    help="Folder or file to score: a path, a URL, or azureml://datastores/NAME/paths/PATH.",
)
@click.option("--input-type", type=click.Choice(["uri_folder", "uri_file"]), help="What the input must be.")
@click.option("--mini-batch-size", "-m", help=options.about(Overrides, "mini_batch_size"))
@click.option("--instance-count", "-c", help=options.about(Overrides, "instance_count"))
@click.option("--output-path", metavar="PATH", help="Folder for the output; left out, the job's own.")
@click.option("--job-name", help="A name for the job; left out, its id.")
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="KEY=VALUE ...",
    help="Change a setting for this job: --set output_file_name=digits.csv retry_settings.max_retries=1.",
)
@click.pass_obj
def invoke(
    session: Session,
    name: str,
    deployment_name: str | None,
    input_: str,
    input_type: "InputType | None",
    mini_batch_size: str | None,
    instance_count: str | None,
    output_path: str | None,
    job_name: str | None,
    assignments: tuple[str, ...],
) -> "Job":
    """Send a job to an endpoint; it runs on, whatever becomes of this command."""
    changes = tuple(_as_ours(each) for each in assignments)
    flags = {"mini_batch_size": mini_batch_size, "instance_count": instance_count}
    with options.declared(Overrides, Document(), changes, **flags) as overrides:
        client = _client(session)
        from deployments.service import jobs
        from deployments.service.submission import Request

        request = Request(
            endpoint=name,
            input=input_,
            input_type=input_type,
            deployment=deployment_name,
            output=output_path,
            job_name=job_name,
            overrides=overrides,
            began=session.began,
        )
        return jobs.invoke(session.store, client, request)


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
    """Follow a job's log and progress until it ends. Exit code 0 when it completed; Ctrl-C leaves it running."""
    try:
        client = _client(context.find_object(Session) or Session())
        from deployments.cli.watching import watch
        from deployments.service.streaming import follow

        ended = watch(follow(client, name))
    except KeyboardInterrupt:
        click.echo(f"left the job running; to end it: batchpoint job cancel --name {name}", err=True)
        context.exit(INTERRUPTED)
    if ended.status != "Completed":
        context.exit(NOT_COMPLETED)


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


def _as_ours(assignment: str) -> str:
    """Azure and our YAML have some of a job's settings below another key; here there is one level for all."""
    for prefix in IN_AZURE_BELOW:
        assignment = assignment.removeprefix(prefix)
    return assignment
