"""`batchpoint schema`: what YAML may say, for editors."""

from typing import Any

import click

from deployments.cli.command import Verb
from deployments.declarations.schema import KINDS, schema_of


@click.command("schema", cls=Verb)
@click.argument("kind", type=click.Choice(list(KINDS)))
def schema(kind: str) -> dict[str, Any]:
    """Print the JSON schema of a kind's YAML, for editors that complete and check it."""
    return schema_of(kind)
