"""`batchpoint demo`: the whole story on this machine."""

from pathlib import Path

import click


@click.command()
@click.option("--clean", is_flag=True, help="Delete the demo's deployments and endpoint at the end.")
@click.option("--use-profile", is_flag=True, help="Use the server of Prefect's active profile, if it names one.")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), default="out", help="Where outputs are fetched to."
)
def demo(clean: bool, use_profile: bool, out: Path) -> None:
    """Run examples/mnist from nothing to a table of predictions, with the commands that you would type."""
    from deployments.demo import Demo, DemoError, find_root
    from deployments.embedded import connect

    try:
        root = find_root()
        connection = connect(use_profile=use_profile)
        click.echo(f"Prefect's pages are at {connection.ui_url}")
        Demo(root, out.absolute(), click.echo).run(clean=clean)
    except DemoError as error:
        raise click.ClickException(str(error)) from error
