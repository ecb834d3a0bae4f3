"""`batchpoint schema`: what YAML may say, for editors."""

from typing import Any

import click

from blocks.specs import Compute, Datastore, Deployment, Endpoint, Model, Spec
from deployments.cli.command import Verb

KINDS: dict[str, type[Spec]] = {
    "batch-endpoint": Endpoint,
    "batch-deployment": Deployment,
    "model": Model,
    "compute": Compute,
    "datastore": Datastore,
}


@click.command("schema", cls=Verb)
@click.argument("kind", type=click.Choice(list(KINDS)))
def schema(kind: str) -> dict[str, Any]:
    """Print the JSON schema of a kind's YAML, for editors that complete and check it."""
    written = KINDS[kind].model_json_schema()
    named = {"$schema": {"type": "string", "description": "Read by editors only."}}
    return written | {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "properties": named | written["properties"],
    }
