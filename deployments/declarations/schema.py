"""What YAML may say, as JSON schemas that editors complete and check from; and what a job's summary says."""

from typing import Any

from pydantic import BaseModel

from blocks.hooks import Hook
from blocks.invocation import Invocation
from blocks.schedules import Schedule
from blocks.specs import Compute, Data, Datastore, Deployment, Endpoint, Environment, Model

Schema = dict[str, Any]

KINDS: dict[str, type[BaseModel]] = {
    "batch-endpoint": Endpoint,
    "batch-deployment": Deployment,
    "model": Model,
    "environment": Environment,
    "data": Data,
    "datastore": Datastore,
    "compute": Compute,
    "schedule": Schedule,
    "hook": Hook,
    "invocation": Invocation,
}
SUMMARY = "job-summary"
"""What the schema of a job's summary.json is called beside those of KINDS."""
DIALECT = "https://json-schema.org/draft/2020-12/schema"
NAMED_AFTER_IT = ("Model", "Environment")
"""Kinds that need no name where a deployment holds them: they are named after it."""


def schema_of(kind: str) -> Schema:
    """The JSON schema of a kind's YAML, one of KINDS: without what only the system sets, with the older forms."""
    written = KINDS[kind].model_json_schema()
    definitions = written.get("$defs", {})
    for model in (written, *definitions.values()):
        _without_read_only(model)
    properties = written["properties"]
    if kind == "batch-deployment":
        for name in NAMED_AFTER_IT:
            definitions[name]["required"] = [key for key in definitions[name].get("required", []) if key != "name"]
        properties = _at_the_root(definitions["Settings"]["properties"]) | properties
    named = {"$schema": {"type": "string", "description": "Read by editors only."}}
    return written | {"$schema": DIALECT, "properties": named | properties}


def schema_of_summary() -> Schema:
    """The JSON schema of the summary.json in a job's output."""
    from scoring.summary import Summary  # which no other command that needs a schema uses

    return Summary.model_json_schema(mode="serialization") | {"$schema": DIALECT, "title": "The summary of a job"}


def _without_read_only(model: Schema) -> None:
    fields = model.get("properties", {})
    for name in [name for name, field in fields.items() if field.get("readOnly")]:
        del fields[name]


def _at_the_root(settings: Schema) -> Schema:
    """The older form of a deployment, without `type`, has its settings at the root."""
    said = "As settings.{0}; the older form."
    return {name: {**field, "deprecated": True, "description": said.format(name)} for name, field in settings.items()}
