"""What Azure's YAML may hold beyond ours: taken over where it means something here, left out with a note where not."""

from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel

from blocks.specs import Compute, Datastore, Deployment, Model
from deployments.declarations.document import Document, Keys
from deployments.declarations.errors import DeclarationError
from scoring.settings import Settings

READ_ONLY = (
    "$schema",
    "id",
    "provisioning_state",
    "scoring_uri",
    "openapi_uri",
    "location",
    "identity",
    "creation_context",
    "resource_group",
    "resourceGroup",
    "kind",
)
CLOUD_COMPUTE = (
    "size",
    "tier",
    "idle_time_before_scale_down",
    "ssh_public_access_enabled",
    "ssh_settings",
    "network_settings",
    "enable_node_public_ip",
)
CLOUD_RESOURCES = ("instance_type", "properties", "shm_size", "docker_args", "locations", "max_instance_count")
CLOUD_MODEL = ("flavors", "stage", "datastore")


def accept(kind: type[BaseModel], document: Document) -> list[str]:
    """Make a document written for Azure one of ours, in place.

    Returns: a sentence for everything that was left out or taken for something else.
    Raises: DeclarationError for what contradicts itself.
    """
    for key in READ_ONLY:
        document.take((key,))
    steps: dict[type[BaseModel], Callable[[Document], list[str]]] = {
        Deployment: _deployment,
        Model: _model,
        Compute: _compute,
        Datastore: _datastore,
    }
    return steps[kind](document) if kind in steps else []


def _deployment(document: Document) -> list[str]:
    notes = _settings_from_root(document) + _without(document, ("resources",), CLOUD_RESOURCES)
    if document.get(("settings", "instance_count")) is not None:
        if document.get(("resources", "instance_count")) is not None:
            raise DeclarationError(
                f"{document.place(('settings', 'instance_count'))}: settings.instance_count is given beside "
                "resources.instance_count; keep resources.instance_count"
            )
        document.move(("settings", "instance_count"), ("resources", "instance_count"))
    if isinstance(document.get(("model",)), dict):
        notes += _without(document, ("model",), CLOUD_MODEL)
        _from_folder(document, ("model", "path"))
        if document.get(("model", "name")) is None:
            name = f"{document.get(('endpoint_name',))}-{document.get(('name',))}"
            document.put(("model", "name"), name, document.place(("model",)))
    _from_folder(document, ("code_configuration", "code"))
    return notes


def _settings_from_root(document: Document) -> list[str]:
    """The older form has no `type` and its settings at the root."""
    if document.get(("type",)) is None:
        for key in Settings.model_fields:
            if document.get((key,)) is not None:
                document.move((key,), ("settings", key))
        return []
    if document.get(("environment_variables",)) is not None:
        document.move(("environment_variables",), ("settings", "environment_variables"))
    return _without(document, (), ("error_threshold",), "not used beside `type: model`; write it under settings")


def _model(document: Document) -> list[str]:
    _from_folder(document, ("path",))
    return _without(document, (), CLOUD_MODEL)


def _compute(document: Document) -> list[str]:
    notes = []
    if str(document.get(("type",))).lower() == "amlcompute":
        place = document.place(("type",))
        document.put(("type",), "local", place)
        notes.append(f"{place}: amlcompute is taken as local: jobs run on the worker's machine")
    return notes + _without(document, (), CLOUD_COMPUTE)


def _datastore(document: Document) -> list[str]:
    _from_folder(document, ("root",))
    return []


def _without(
    document: Document, holder: Keys, keys: tuple[str, ...], why: str = "has no meaning here and is left out"
) -> list[str]:
    found = [key for key in keys if document.get((*holder, key)) is not None]
    notes = [f"{document.place((*holder, key))}: {'.'.join(map(str, (*holder, key)))} {why}" for key in found]
    for key in found:
        document.take((*holder, key))
    return notes


def _from_folder(document: Document, path: Keys) -> None:
    """Make a relative local path absolute; references and URLs stay as they are."""
    text = document.get(path)
    if isinstance(text, str) and "://" not in text and not text.startswith(("azureml:", "runs:")):
        document.put(path, str(document.folder / Path(text).expanduser()), document.place(path))
