"""What Azure's YAML may ask for and cannot be had here, each with the reason and what to do instead."""

from pydantic import BaseModel

from blocks.invocation import Invocation
from blocks.specs import Data, Datastore, Deployment, Endpoint, Environment
from deployments.declarations.document import Document, Keys
from deployments.declarations.errors import DeclarationError

PIPELINE = "pipeline deployments are not supported; deploy a model and its scoring script, with type: model"
ONLINE = "it belongs to online endpoints, and this is a batch endpoint; remove it"
REACH = "who can reach the endpoint is decided by who reaches the server; remove it"
CALLERS = "who may call is decided by who reaches the server; leave auth_mode out"
FIXED = "it is the deployment's, for all its jobs; create another deployment, and name it with --deployment-name"
FILE_SHARES = "file shares are not read here; mount it and give type: local with its folder, or use a blob container"
LAKES = "a data lake's file systems are blob containers too: give type: azure_blob, with container_name"

REFUSED_KEYS: dict[type[BaseModel], dict[Keys, str]] = {
    Endpoint: {
        ("traffic",): f"{ONLINE}; jobs go to defaults.deployment_name",
        ("mirror_traffic",): ONLINE,
        ("compute",): "an endpoint has no compute; write it in its deployments",
        ("public_network_access",): REACH,
        ("egress_public_network_access",): REACH,
    },
    Deployment: {
        ("component",): PIPELINE,
        ("job_definition",): PIPELINE,
        ("instance_type",): "instances have no types here; write how many under resources.instance_count",
        ("instance_count",): "write it under resources",
        ("request_settings",): ONLINE,
        ("scale_settings",): ONLINE,
        ("liveness_probe",): ONLINE,
        ("readiness_probe",): ONLINE,
        ("app_insights_enabled",): ONLINE,
        ("data_collector",): ONLINE,
        ("egress_public_network_access",): REACH,
        ("settings", "mini_batch_error_threshold"): "failed files are counted; write settings.error_threshold",
        ("settings", "partition_keys"): "mini-batches are cut by count only; write settings.mini_batch_size",
        ("settings", "program_arguments"): "scripts take none; write settings.environment_variables",
    },
    Invocation: {
        ("output_action",): FIXED,
        ("model",): FIXED,
        ("environment",): FIXED,
        ("code_configuration",): FIXED,
        ("compute",): FIXED,
        ("target",): FIXED,
        ("instance_type",): "instances have no types here; write how many under instance_count",
        ("partition_keys",): "mini-batches are cut by count only; write mini_batch_size",
        ("input_data",): "write input, or inputs.NAME.path",
        ("output_data",): "write output_path, or outputs.NAME.path",
        ("dataset",): "write input: azureml:NAME:VERSION",
    },
    Environment: {
        ("build",): "images are not built here; name a built one under image, and packages under conda_file",
    },
}
REFUSED_VALUES: dict[type[BaseModel], dict[Keys, dict[str, str]]] = {
    Endpoint: {("auth_mode",): {"key": CALLERS, "aml_token": CALLERS}},
    Deployment: {("type",): {"pipeline": PIPELINE}},
    Data: {("type",): {"mltable": "tables are not read here; use uri_folder or uri_file, which the script reads"}},
    Datastore: {
        ("type",): {
            "azure_file": FILE_SHARES,
            "azure_data_lake_gen1": "these were shut down; give another store",
            "azure_data_lake_gen2": LAKES,
        }
    },
}


def refuse(kind: type[BaseModel], document: Document, at: Keys = ()) -> None:
    """Raises: DeclarationError with a sentence for each thing in a document that Azure knows and we do not.

    Args:
        kind: what is declared.
        document: what was written.
        at: where in the document, when it is written inside of another kind.
    """
    found = [(path, why) for path, why in REFUSED_KEYS.get(kind, {}).items() if document.get((*at, *path)) is not None]
    for path, values in REFUSED_VALUES.get(kind, {}).items():
        written = document.get((*at, *path))
        if str(written) in values:
            found.insert(0, (path, f"{written!r}: {values[written]}"))
    if found:
        raise DeclarationError(*(_sentence(document, (*at, *path), why) for path, why in found))


def _sentence(document: Document, path: Keys, why: str) -> str:
    is_value = why.startswith("'")
    return f"{document.place(path)}: {'.'.join(map(str, path))} {'is ' if is_value else 'cannot be used: '}{why}"
