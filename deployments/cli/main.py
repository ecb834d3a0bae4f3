"""`batchpoint`: the root of the command line."""

import sys
from typing import NoReturn

import click

from deployments.cli.command import Noun
from deployments.cli.session import Session

COMMANDS = {
    "batch-deployment": "deployments.cli.deployments:deployment",
    "batch-endpoint": "deployments.cli.endpoints:endpoint",
    "compute": "deployments.cli.computes:compute",
    "data": "deployments.cli.data:data",
    "datastore": "deployments.cli.datastores:datastore",
    "demo": "deployments.cli.demo:demo",
    "down": "deployments.cli.server:down",
    "env": "deployments.cli.server:env",
    "environment": "deployments.cli.environments:environment",
    "gateway": "deployments.cli.gateway:gateway",
    "hook": "deployments.cli.hooks:hook",
    "job": "deployments.cli.jobs:job",
    "model": "deployments.cli.models:model",
    "schedule": "deployments.cli.schedules:schedule",
    "schema": "deployments.cli.schema:schema",
    "status": "deployments.cli.server:status",
    "token": "deployments.cli.tokens:token",
    "up": "deployments.cli.server:up",
}


@click.group("batchpoint", cls=Noun, later=COMMANDS, context_settings={"help_option_names": ["--help", "-h"]})
@click.version_option(package_name="batchpoint", prog_name="batchpoint")
@click.pass_context
def batchpoint(context: click.Context) -> None:
    """Batch scoring endpoints you run yourself: a folder of files in, one file of predictions out.

    The words and options are those of Azure's `az ml`.
    """
    context.ensure_object(Session)


def run(arguments: list[str]) -> NoReturn:
    """Run the command line, then end this process or fork."""
    sys.exit(batchpoint.main(arguments, prog_name="batchpoint"))
