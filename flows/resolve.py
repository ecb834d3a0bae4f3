"""From an endpoint's name to a manifest: what the job needs, looked up once and frozen."""

import sys
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from pydantic import ValidationError

from blocks.errors import NotRegistered
from blocks.overrides import Overrides
from blocks.problems import problems_in
from blocks.recipes import recipe_of
from blocks.references import find_compute, find_environment, find_model
from blocks.specs import Asset, Compute, Deployment, Endpoint, Environment
from blocks.store import Store
from flows.access import open_datastores, open_urls
from flows.contents import check_model
from flows.errors import JobRefusedError
from flows.paths import DEFAULT_DATASTORE, is_out_of_reach, job_folder, output_folder, resolve_url
from scoring.errors import InputError
from scoring.finding import locate
from scoring.manifest import MANIFEST, Cluster, Manifest, Versioned, with_a_slot_for_each_device
from scoring.output import check_output
from scoring.settings import Settings
from scoring.storage import Folder


def resolve(
    store: Store,
    *,
    job: str,
    endpoint: str,
    input: str,  # noqa: A002 - the flow's parameter, and the word that users type
    deployment: str | None = None,
    output: str | None = None,
    settings: Overrides | None = None,
    datastore: str = DEFAULT_DATASTORE,
    is_here: bool = False,
) -> Manifest:
    """Everything the job needs, with versions and digests; a job that was resolved before keeps what it had.

    Args:
        store: where registered things are looked up.
        job: the job's id.
        endpoint: the endpoint's name.
        input: folder or file to score; see paths.resolve_url.
        deployment: another one than the endpoint's default.
        output: folder for the output; the job's own when left out.
        settings: what this job changes of the deployment.
        datastore: the one that holds the job's folder.
        is_here: whether it is scored on this machine, whatever its compute finds of the input.
    Raises: JobRefusedError, NotRegistered, InputError or OutputExistsError, each with a sentence that helps.
    """
    open_datastores(store, [datastore])
    folder = job_folder(store, job, datastore)
    if Folder(folder).exists(MANIFEST):
        known = Manifest.read(folder)
        open_datastores(store, known.datastores)
        return known
    chosen = find_deployment(store, endpoint, deployment)
    adjusted = adjust(chosen, settings)
    compute = find_compute(store, adjusted.compute)
    check_instances(adjusted, compute)
    check_shared_output(adjusted.settings, folder)
    assert isinstance(adjusted.model, str), "an inline model is registered before its deployment is"
    model = find_model(store, adjusted.model)
    check_model(model)
    environment = _environment(store, adjusted)
    output_url = output_folder(store, job, output, datastore)
    input_url = resolve_url(store, input)
    datastores = open_urls(store, input_url, output_url, folder)
    locate(input_url)
    if not is_here:
        check_reach(store, input_url, compute)
    overwrite = bool(settings and settings.overwrite)
    check_output(output_url, adjusted.settings, job, overwrite=overwrite)
    assert adjusted.code_configuration is not None, "a deployment that is registered has a script"
    code = resolve_url(store, adjusted.code_configuration.code)
    return Manifest(
        job=job,
        folder=folder,
        input=input_url,
        output=output_url,
        datastore=datastore,
        datastores=datastores,
        script=f"{code}/{adjusted.code_configuration.scoring_script}",
        code=code,
        model_dir=resolve_url(store, model.path),
        python=sys.executable,
        recipe=recipe_of(environment) if environment is not None else None,
        settings=_sized(adjusted, compute),
        literals=(settings.literals if settings is not None else None) or {},
        instance_count=adjusted.resources.instance_count,
        endpoint=adjusted.endpoint_name,
        deployment=adjusted.name,
        compute=compute.name,
        memory=compute.memory,
        cluster=_cluster(compute),
        model=_versioned(model),
        environment=_versioned(environment) if environment is not None else None,
        code_digest=PurePath(code).name,  # code is kept by its digest
        overwrite=overwrite,
    )


def find_deployment(store: Store, endpoint: str, deployment: str | None) -> Deployment:
    """The deployment that a job of an endpoint runs: the one named, else the endpoint's default.

    Raises: JobRefusedError when neither is there, naming the deployments that are and what to type.
    """
    try:
        found = store.get(Endpoint, endpoint)
    except NotRegistered as error:
        raise JobRefusedError(
            f"endpoint {endpoint!r} is not registered; register it: batchpoint batch-endpoint create --name {endpoint}"
        ) from error
    if deployment is not None:
        return store.get(Deployment, endpoint, deployment)
    known = [one.name for one in store.list(Deployment) if one.endpoint_name.lower() == endpoint.lower()]
    pointer = found.defaults.deployment_name
    if not known:
        raise JobRefusedError(
            f"endpoint {endpoint!r} has no deployment; create one: batchpoint batch-deployment create "
            f"--file deployment.yml --endpoint-name {endpoint} --set-default"
        )
    to_type = f"batchpoint batch-endpoint update --name {endpoint} --set defaults.deployment_name={known[0]}"
    if pointer is None:
        raise JobRefusedError(
            f"endpoint {endpoint!r} has no default deployment; name one of {', '.join(known)} with the job, or set "
            f"the default: {to_type}"
        )
    if pointer.lower() not in {name.lower() for name in known}:
        raise JobRefusedError(
            f"the default of endpoint {endpoint!r} is {pointer!r}, which is not there; it has {', '.join(known)}; "
            f"point it at one: {to_type}"
        )
    return store.get(Deployment, endpoint, pointer)


def adjust(deployment: Deployment, settings: Overrides | None) -> Deployment:
    """The deployment as one job runs it. Raises: JobRefusedError when an override does not fit."""
    if settings is None:
        return deployment
    try:
        return settings.applied_to(deployment)
    except ValidationError as error:
        raise _refusal(error) from error


def read_overrides(settings: Mapping[str, Any] | None) -> Overrides | None:
    """What a flow run's `settings` parameter changes. Raises: JobRefusedError with a sentence for each problem."""
    if not settings:
        return None
    try:
        return Overrides.model_validate(settings)
    except ValidationError as error:
        raise _refusal(error) from error


def _refusal(error: ValidationError) -> JobRefusedError:
    return JobRefusedError("; ".join(problem.sentence for problem in problems_in(Overrides, error)))


def check_instances(deployment: Deployment, compute: Compute) -> None:
    """Raises: JobRefusedError when the deployment asks for more instances than its compute has."""
    asked, most = deployment.resources.instance_count, compute.max_instances
    if asked > most:
        raise JobRefusedError(
            f"instance_count is {asked}, but compute {compute.name!r} has at most {most}; ask for {most} or fewer, or "
            f"raise it: batchpoint compute update --name {compute.name} --max-instances {asked}"
        )


def check_reach(store: Store, text: str, compute: Compute) -> None:
    """Raises: JobRefusedError when a compute does not find a job's input; see paths.is_out_of_reach."""
    if not compute.shares_files and is_out_of_reach(store, resolve_url(store, text), compute):
        raise JobRefusedError(
            f"input {text} is in no datastore, and compute {compute.name!r} does not share this machine's files; "
            f"register it, which copies it, and name that: batchpoint data create --name NAME --path {text}"
        )


def check_shared_output(settings: Settings, folder: str) -> None:
    """Raises: JobRefusedError when a job's mini-batches are to share a folder, and the job's own is on no disk."""
    if settings.shared_output and "://" in folder:
        raise JobRefusedError(
            f"settings.shared_output needs a folder on a disk that all instances share, and jobs lie in {folder}; "
            "leave it out: then each mini-batch has a folder of its own, and all are published together"
        )


def _sized(deployment: Deployment, compute: Compute) -> Settings:
    """The settings, with a slot for each device where they leave that open; what devices a cluster has is not known."""
    if compute.type != "local":
        return deployment.settings
    return with_a_slot_for_each_device(deployment.settings, deployment.resources.instance_count)


def _cluster(compute: Compute) -> Cluster | None:
    if compute.type == "local":
        return None
    return Cluster.model_validate(compute.model_dump(include=set(Cluster.model_fields)))


def _environment(store: Store, deployment: Deployment) -> Environment | None:
    if deployment.environment is None:
        return None
    assert isinstance(deployment.environment, str), "an inline environment is registered before its deployment is"
    return find_environment(store, deployment.environment)


def _versioned(asset: Asset) -> Versioned:
    return Versioned(name=asset.name, version=asset.version or "", digest=asset.digest or "")


__all__ = [
    "InputError",
    "adjust",
    "check_instances",
    "check_reach",
    "check_shared_output",
    "find_deployment",
    "resolve",
]
