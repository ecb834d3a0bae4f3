"""What Azure's YAML may hold beyond ours: taken over where it means something here, left out with a note where not."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel

from blocks.invocation import Invocation
from blocks.schedules import Schedule
from blocks.specs import Asset, Compute, Data, Datastore, Deployment, Environment, Model, is_read_only
from deployments.declarations.document import Document, Keys, read
from deployments.declarations.errors import DeclarationError
from deployments.declarations.invocations import accept_invocation
from deployments.declarations.refusals import refuse
from deployments.declarations.requirements import included, read_requirements
from deployments.declarations.yaml import plain
from deployments.service.from_mlflow import is_kept_by_mlflow
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
    "last_job",
    "is_default",
    "secret",
    "events_uri",
    "is_enabled",
    "busy_instances",
    "built",
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
CLOUD_MODEL = ("flavors", "stage", "datastore", "job_name")
CLOUD_ENVIRONMENT = ("inference_config", "datastore")
CLOUD_DATA = ("datastore", "credential", "schema", "skip_validation")
CLOUD_JOB = ("experiment_name", "display_name", "description", "tags", "properties")
CONDA = ("dependencies", "channels")
NO_MEANING = "has no meaning here and is left out"


def accept(kind: type[BaseModel], document: Document) -> list[str]:
    """Make a document written for Azure one of ours, in place.

    Returns: a sentence for everything that was left out or taken for something else.
    Raises: DeclarationError for what contradicts itself, or cannot be had here.
    """
    for key in READ_ONLY:
        document.take((key,))
    if kind is Invocation:
        accept_invocation(document)
    refuse(kind, document)
    steps: dict[type[BaseModel], Callable[[Document], list[str]]] = {
        Deployment: _deployment,
        Model: _model,
        Environment: _environment,
        Data: _data,
        Compute: _compute,
        Datastore: _datastore,
        Schedule: _schedule,
        Invocation: lambda written: _without(written, (), CLOUD_JOB),
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
        notes += _model(document, ("model",))
        _named_after_deployment(document, "model")
    if isinstance(document.get(("environment",)), dict):
        refuse(Environment, document, ("environment",))
        notes += _environment(document, ("environment",))
        _named_after_deployment(document, "environment")
    _from_folder(document, ("code_configuration", "code"))
    return notes


def _settings_from_root(document: Document) -> list[str]:
    """The older form has no `type` and its settings at the root."""
    if document.get(("type",)) is None:
        for key in Settings.model_fields:
            _to_settings(document, key)
        return []
    _to_settings(document, "environment_variables")
    return _without(document, (), ("error_threshold",), "not used beside `type: model`; write it under settings")


def _to_settings(document: Document, key: str) -> None:
    if document.get((key,)) is None:
        return
    if document.get(("settings", key)) is not None:
        raise DeclarationError(f"{document.place((key,))}: {key} is given beside settings.{key}; keep settings.{key}")
    document.move((key,), ("settings", key))


def _named_after_deployment(document: Document, key: str) -> None:
    """What is declared inside a deployment may have no name."""
    if document.get((key, "name")) is None:
        name = f"{document.get(('endpoint_name',))}-{document.get(('name',))}"
        document.put((key, "name"), name, document.place((key,)))


def _model(document: Document, at: Keys = ()) -> list[str]:
    _take_read_only(Model, document, at)
    _from_folder(document, (*at, "path"))
    return _without(document, at, CLOUD_MODEL)


def _environment(document: Document, at: Keys = ()) -> list[str]:
    _take_read_only(Environment, document, at)
    for key in CONDA:
        if document.get((*at, key)) is not None:
            raise DeclarationError(
                f"{document.place((*at, key))}: {key} belongs to a conda file, and this is an environment; write "
                "conda_file: conda.yaml, with the path of that file"
            )
    _from_folder(document, (*at, "conda_file"))
    path = document.get((*at, "conda_file"))
    if isinstance(path, str):
        if not Path(path).is_file():
            place = document.place((*at, "conda_file"))
            raise DeclarationError(f"{place}: conda_file {path} is not there; give the path of a conda file")
        document.splice((*at, "conda_file"), read(path))
        _read_conda_requirements(document, (*at, "conda_file"), Path(path).parent)
    elif path is not None:
        _read_conda_requirements(document, (*at, "conda_file"), document.folder)
    if "/" in str(document.get((*at, "python"))):
        _from_folder(document, (*at, "python"))
    _read_requirements(document, at)
    return _without(document, at, CLOUD_ENVIRONMENT)


def _read_conda_requirements(document: Document, at: Keys, folder: Path) -> None:
    """Have what pip installs say the same in any folder."""
    listed = document.get((*at, "dependencies"))
    for each in listed if isinstance(listed, list) else ():
        if isinstance(each, dict) and isinstance(each.get("pip"), list):
            with _said_at(document.place((*at, "dependencies"))):
                each["pip"] = included(map(str, each["pip"]), folder)


def _read_requirements(document: Document, at: Keys) -> None:
    """Have what a file lists stand in the declaration itself."""
    _from_folder(document, (*at, "requirements"))
    given, place = document.get((*at, "requirements")), document.place((*at, "requirements"))
    with _said_at(place):
        if isinstance(given, list):
            document.put((*at, "requirements"), included(map(str, given), document.folder), place)
        elif isinstance(given, str):
            listed = read_requirements(Path(given))
            document.put((*at, "requirements"), listed.lines, place)
            if listed.python and document.get((*at, "python")) is None:
                document.put((*at, "python"), listed.python, place)


@contextmanager
def _said_at(place: str) -> Iterator[None]:
    try:
        yield
    except DeclarationError as error:
        raise DeclarationError(f"{place}: {error}") from error


def _data(document: Document) -> list[str]:
    _take_read_only(Data, document, ())
    _from_folder(document, ("path",))
    return _without(document, (), CLOUD_DATA)


def _compute(document: Document) -> list[str]:
    notes = []
    if str(document.get(("type",))).lower() == "amlcompute":
        place = document.place(("type",))
        document.put(("type",), "local", place)
        notes.append(f"{place}: amlcompute is taken as local: jobs run on the worker's machine")
    if options := document.get(("cluster_kwargs",)):
        document.put(("cluster_kwargs",), plain(options), document.place(("cluster_kwargs",)))
    return notes + _without(document, (), CLOUD_COMPUTE)


def _datastore(document: Document) -> list[str]:
    _from_folder(document, ("root",))
    if document.get(("credentials",)) == {}:  # what Azure writes for a public container
        document.take(("credentials",))
    if options := document.get(("options",)):
        document.put(("options",), plain(options), document.place(("options",)))
    return []


def _schedule(document: Document) -> list[str]:
    """Azure's reference has two keys that its schema spells otherwise, and jobs that are no endpoint's."""
    for written, meant in (("pattern", "schedule"), ("timezone", "time_zone")):
        if document.get(("trigger", written)) is not None:
            document.move(("trigger", written), ("trigger", meant))
    job = document.get(("create_job",))
    if job is not None and (isinstance(job, str) or job.get("type", "batch_endpoint") != "batch_endpoint"):
        raise DeclarationError(
            f"{document.place(('create_job',))}: create_job is a job of Azure's; a schedule here sends jobs to an "
            "endpoint: write create_job: {type: batch_endpoint, endpoint_name: NAME, input: PATH}"
        )
    inputs = document.get(("create_job", "inputs"))
    if isinstance(inputs, dict) and len(inputs) == 1:
        (name,) = inputs
        path = ("create_job", "inputs", name, "path")
        if document.get(path) is not None:
            document.move(path, ("create_job", "input"))
            document.take(("create_job", "inputs"))
    _from_folder(document, ("create_job", "input"))
    _from_folder(document, ("create_job", "output"))
    return []


def _take_read_only(kind: type[Asset], document: Document, at: Keys) -> None:
    for key in kind.model_fields:
        if is_read_only(kind, key):
            document.take((*at, key))


def _without(document: Document, holder: Keys, keys: tuple[str, ...], why: str = NO_MEANING) -> list[str]:
    found = [key for key in keys if document.get((*holder, key)) is not None]
    notes = [f"{document.place((*holder, key))}: {'.'.join(map(str, (*holder, key)))} {why}" for key in found]
    for key in found:
        document.take((*holder, key))
    return notes


def _from_folder(document: Document, path: Keys) -> None:
    """Make a relative local path absolute; references and URLs stay as they are."""
    text = document.get(path)
    if isinstance(text, str) and "://" not in text and not text.startswith("azureml:") and not is_kept_by_mlflow(text):
        document.put(path, str(document.folder / Path(text).expanduser()), document.place(path))
