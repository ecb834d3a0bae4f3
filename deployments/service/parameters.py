"""The form of a job: which parameters a flow run of an endpoint takes, as the JSON schema that Prefect holds it to."""

from collections.abc import Sequence
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
    properties["settings"] = settings_schema(deployments)
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


def settings_schema(deployments: Sequence[Deployment] = ()) -> Schema:
    """What a job may change of its deployment, each with the limits of the setting it changes, and what it is now."""
    limits = _properties(Settings) | _properties(Resources)
    retries = _properties(RetrySettings)
    now = [(each.name, _settings_of(each)) for each in deployments]
    retries_now = [(name, settings["retry_settings"]) for name, settings in now]
    properties = {name: _with_value(limits[name], name, now) for name in Overrides.model_fields if name in limits}
    properties["literals"] = _literals_schema()
    own = _properties(Overrides)
    properties |= {name: own[name] for name in ("datastore", "overwrite", "since_job", "incremental", "failed_of")}
    properties["retry_settings"] = {
        "type": "object",
        "description": Overrides.model_fields["retry_settings"].description,
        "properties": {name: _with_value(retries[name], name, retries_now) for name in RetryOverrides.model_fields},
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "description": "What this job changes of its deployment; what is left out stays as the deployment says.",
        "properties": {name: {**schema, "title": name} for name, schema in properties.items()},
        "additionalProperties": False,
    }


def _settings_of(deployment: Deployment) -> Schema:
    return deployment.settings.model_dump(mode="json") | deployment.resources.model_dump(mode="json")


def _with_value(schema: Schema, name: str, now: Sequence[tuple[str, Schema]]) -> Schema:
    """A setting that says in its help what it is where a job leaves it out; variables may be secrets."""
    by_value: dict[str, list[str]] = {}
    for deployment, settings in now:
        value = settings.get(name)  # none where rows are written into no file
        if isinstance(value, str | int | float):
            by_value.setdefault(str(value).lower() if isinstance(value, bool) else str(value), []).append(deployment)
    if not by_value:
        return schema
    is_same = len(by_value) == 1 and len(*by_value.values()) == len(now)
    each = [value if is_same else f"{value} with {' and '.join(names)}" for value, names in by_value.items()]
    return {**schema, "description": f"{schema['description']} Now: {', '.join(each)}."}


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
