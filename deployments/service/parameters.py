"""The form of a job: which parameters a flow run of an endpoint takes, as the JSON schema that Prefect holds it to."""

from typing import Any

from blocks.overrides import Overrides, RetryOverrides
from blocks.specs import Deployment, Endpoint, Resources
from scoring.literals import LONGEST, NAME
from scoring.settings import RetrySettings, Settings

Schema = dict[str, Any]


def parameter_schema(endpoint: Endpoint, deployments: list[Deployment]) -> Schema:
    """What a flow run of the endpoint's Prefect deployment accepts; anything else is refused before it is created.

    `deployment` has neither default nor null: only a plain enum is drawn as a select.
    """
    default = endpoint.defaults.deployment_name
    properties: dict[str, Schema] = {
        "input": {
            "type": "string",
            "minLength": 1,
            "description": "Folder or file to score: an absolute path, a URL, or azureml://datastores/NAME/paths/PATH.",
        }
    }
    if deployments:
        properties["deployment"] = {
            "type": "string",
            "enum": [each.name for each in deployments],
            "description": f"Which deployment scores; left out, the default: {default or 'there is none yet'}.",
        }
    properties["output"] = {
        "type": "string",
        "minLength": 1,
        "description": "Folder for predictions, failures and summary; left out, the job's own.",
    }
    properties["settings"] = settings_schema()
    titled = {
        name: {"title": name, "position": position, **schema}
        for position, (name, schema) in enumerate(properties.items())
    }
    return {
        "title": "Parameters",
        "type": "object",
        "properties": titled,
        "required": ["input"],
        "additionalProperties": False,
    }


def settings_schema() -> Schema:
    """What a job may change of its deployment, each with the limits of the setting it changes."""
    limits = _properties(Settings) | _properties(Resources)
    retries = _properties(RetrySettings)
    properties = {name: limits[name] for name in Overrides.model_fields if name in limits}
    properties["literals"] = _literals_schema()
    own = _properties(Overrides)
    properties |= {name: own[name] for name in ("datastore", "overwrite", "since_job", "incremental", "failed_of")}
    properties["retry_settings"] = {
        "type": "object",
        "description": Overrides.model_fields["retry_settings"].description,
        "properties": {name: retries[name] for name in RetryOverrides.model_fields},
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "description": "What this job changes of its deployment; what is left out stays as the deployment says.",
        "properties": {name: {**schema, "title": name} for name, schema in properties.items()},
        "additionalProperties": False,
    }


def _literals_schema() -> Schema:
    value = {"anyOf": [{"type": "string", "maxLength": LONGEST}, {"type": "number"}, {"type": "boolean"}]}
    return {
        "type": "object",
        "description": Overrides.model_fields["literals"].description,
        "propertyNames": {"pattern": f"^{NAME.pattern}$"},
        "additionalProperties": value,
    }


def _properties(model: type[Settings | RetrySettings | Resources | Overrides]) -> dict[str, Schema]:
    schema = model.model_json_schema()
    definitions = schema.get("$defs", {})
    return {name: _plain(written, definitions) for name, written in schema["properties"].items()}


def _plain(schema: Schema, definitions: dict[str, Schema]) -> Schema:
    """A property's schema without references, null and default: what was not given stays the deployment's."""
    flat = {key: value for key, value in schema.items() if key not in {"default", "$ref", "anyOf"}}
    if "$ref" in schema:
        flat = definitions[schema["$ref"].rpartition("/")[2]] | flat
    for branch in schema.get("anyOf", []):
        if branch.get("type") != "null":
            flat = _plain(branch, definitions) | flat
    return flat
