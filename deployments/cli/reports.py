"""`batchpoint job report` and `job advise`: the page one opens afterwards, and what would make the next job faster."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from deployments.cli.command import Verb
from deployments.cli.jobs import job_name
from deployments.cli.session import Session, prefect_client
from deployments.cli.web import open_file

if TYPE_CHECKING:
    from scoring.advice.advice import Advice


@click.command("report", cls=Verb)
@job_name
@click.option("--open", "opens", is_flag=True, help="Open it in a browser.")
@click.option(
    "--to",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write it to. Left out, where it lies, or report-JOB.html where that is a store.",
)
@click.option(
    "--rebuild", is_flag=True, help="Build it anew from the job's folder, as this version of Batchpoint does."
)
@click.pass_obj
def report(session: Session, name: str, opens: bool, to: Path | None, rebuild: bool) -> str:
    """Fetch the report of a job that has ended, one page of HTML, and print where it is; one that is not there is built
    from what the job's folder holds.
    """
    client = prefect_client(session)
    from deployments.service import reports

    path = reports.fetch(session.store, client, name, to, rebuild=rebuild)
    if opens:
        open_file(path)
    return str(path)


@click.command("advise", cls=Verb)
@job_name
@click.pass_obj
def advise(session: Session, name: str) -> "list[Advice]":
    """Say what would make the next job like this one faster or safer, by the job's own numbers: what to set, and the
    gain to expect. An empty list when there is nothing to advise.
    """
    client = prefect_client(session)
    from deployments.service import reports

    found = reports.advise(session.store, client, name)
    if not found:
        click.echo("Nothing to advise: the job's own numbers give no reason to change its settings.", err=True)
    return found
