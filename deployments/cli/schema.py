"""`batchpoint schema`: what YAML may say, for editors; and what a job's summary says, for programs."""

from typing import Any

import click

from deployments.cli.command import Verb
from deployments.declarations.schema import KINDS, SUMMARY, schema_of, schema_of_summary


@click.command("schema", cls=Verb)
@click.argument("kind", type=click.Choice([*KINDS, SUMMARY]))
def schema(kind: str) -> dict[str, Any]:
    """Print the JSON schema of a kind's YAML, for editors that complete and check it, or of a job's summary.json."""
    return schema_of_summary() if kind == SUMMARY else schema_of(kind)
