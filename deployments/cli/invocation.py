"""`batchpoint batch-endpoint invoke`: sending a job to an endpoint."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from blocks.invocation import Invocation
from deployments.cli import options
from deployments.cli.command import Verb
from deployments.cli.dry_run import try_out
from deployments.cli.following import log_level as log_level_option
from deployments.cli.session import Session
from deployments.declarations import put_named, read

if TYPE_CHECKING:
    from deployments.service.job_records import Job
    from scoring.findings import Findings


@click.command("invoke", cls=Verb)
@click.option("--name", "-n", required=True, help="The endpoint's name.")
@click.option("--file", "-f", type=click.Path(path_type=Path), help="YAML file with inputs and outputs.")
@click.option("--deployment-name", "-d", help=options.about(Invocation, "deployment_name"))
@click.option("--input", metavar="PATH", help=options.about(Invocation, "input"))
@click.option("--input-type", metavar="TYPE", help=options.about(Invocation, "input_type"))
@click.option(
    "--inputs",
    multiple=True,
    metavar="NAME=VALUE ...",
    help="Literal inputs for the scoring script, as in --inputs top_k.type=integer top_k.default=5 labels=a,b; and in "
    "place of --input NAME.path=PATH NAME.type=uri_folder.",
)
@click.option("--mini-batch-size", "-m", help=options.about(Invocation, "mini_batch_size"))
@click.option("--instance-count", "-c", help=options.about(Invocation, "instance_count"))
@click.option("--output-path", metavar="PATH", help=options.about(Invocation, "output_path"))
@click.option("--overwrite", flag_value="true", help=options.about(Invocation, "overwrite"))
@click.option("--since-job", metavar="JOB", help=options.about(Invocation, "since_job"))
@click.option("--incremental", flag_value="true", help=options.about(Invocation, "incremental"))
@click.option("--outputs", multiple=True, metavar="NAME.path=PATH", help=options.about(Invocation, "outputs"))
@click.option("--job-name", help=options.about(Invocation, "job_name"))
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="KEY=VALUE ...",
    help="Change a setting for this job: --set output_file_name=digits.csv retry_settings.max_retries=1.",
)
@click.option("--experiment-name", hidden=True)
@click.option("--idempotency-key", metavar="KEY", help="Of all commands with one key only the first makes a job.")
@click.option(
    "--wait", is_flag=True, help="Follow the job to its end, and exit as `job stream` does; its news go to stderr."
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Send nothing: score a few of the files here and now, say what the script does, and which settings would fit.",
)
@log_level_option
@click.pass_context
def invoke(
    context: click.Context,
    /,
    name: str,
    file: Path | None,
    inputs: tuple[str, ...],
    outputs: tuple[str, ...],
    assignments: tuple[str, ...],
    idempotency_key: str | None,
    wait: bool,
    dry_run: bool,
    log_level: str | None,
    **flags: options.Flag,
) -> "Job | Findings | None":
    """Send a job to an endpoint; it runs on, whatever becomes of this command."""
    if dry_run and wait:
        raise click.UsageError("--dry-run sends no job: leave out --wait", context)
    session = context.find_object(Session) or Session()
    document = read(file)
    put_named(document, "inputs", inputs, plain="default")
    put_named(document, "outputs", outputs, plain="path")
    with options.declared(Invocation, document, assignments, **flags) as invocation:
        store, launcher = session.store, session.launcher
        from deployments.service import jobs
        from deployments.service.submission import request_of

        request = request_of(name, invocation, idempotency_key=idempotency_key, began=session.began)
        if dry_run:
            return try_out(context, store, request)
        job = jobs.invoke(store, launcher, request)
    if not wait:
        return job
    from prefect.client.orchestration import get_client

    from deployments.cli.following import follow

    client = get_client(sync_client=True)
    follow(context, client, job.name, err=True, level=log_level)
    return jobs.show(store, client, str(job.id))
