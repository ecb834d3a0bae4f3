"""`batchpoint job replay`: one input of a job once more, in this terminal."""

from typing import TYPE_CHECKING

import click

from deployments.cli.command import EXIT_CODE, Verb
from deployments.cli.following import INTERRUPTED
from deployments.cli.session import Session, prefect_client

if TYPE_CHECKING:
    from scoring.replay import Replay

AS_IN_JOB = 3
OTHERWISE = 5


@click.command("replay", cls=Verb)
@click.option("--name", "-n", required=True, help="The job's name, or its id.")
@click.option("--file", help="The file, by its path in failures.jsonl or by where it lies.")
@click.option("--mini-batch", type=click.IntRange(min=0), help="All files of the mini-batch of this number.")
@click.option("--pdb", is_flag=True, help="Open Python's debugger where the script raises; no deadline holds.")
@click.pass_context
def replay(context: click.Context, name: str, file: str | None, mini_batch: int | None, pdb: bool) -> None:
    """Call a job's script once more with one file or mini-batch, in this terminal, and store nothing. Exit code 0 when
    run() returned rows for all files, 3 when it failed as in the job, 5 when it failed otherwise, 1 when there is
    nothing to call it with; Ctrl-C gives 130.
    """
    session = context.find_object(Session) or Session()
    client = prefect_client(session)
    from deployments.service import replaying

    try:
        came_to = replaying.replay(session.store, client, name, file=file, mini_batch=mini_batch, debug=pdb)
    except KeyboardInterrupt:
        context.exit(INTERRUPTED)
    context.meta[EXIT_CODE] = exit_code(came_to)
    tell(came_to)


def exit_code(came_to: "Replay") -> int:
    """Whether it failed, and in the same way."""
    if came_to.fault is None:
        return 0
    return AS_IN_JOB if came_to.is_as_in_job else OTHERWISE


def tell(came_to: "Replay") -> None:
    """The first rows, if there are any, and what became of it; where it hung or crashed, if no exception has told."""
    if came_to.fault is not None and came_to.fault.is_crash and came_to.fault.traceback:
        click.echo(came_to.fault.traceback.rstrip(), err=True)
    if came_to.first_rows:
        click.echo(",".join(came_to.columns))
        for row in came_to.first_rows:
            click.echo(row)
        if came_to.rows > len(came_to.first_rows):
            click.echo(f"and {came_to.rows - len(came_to.first_rows)} more")
    click.echo(str(came_to))
