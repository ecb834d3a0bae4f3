"""The body of a POST as an invocation: Azure's, with names in any case and in its older forms, or a plain one."""

import json
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from blocks.invocation import Invocation
from deployments.declarations import DeclarationError, Document, declare
from deployments.gateway.errors import bad_request

Body = Mapping[str, Any]
NAMES = {
    "inputdata": "inputs",
    "outputdata": "outputs",
    "minibatchsize": "mini_batch_size",
    "errorthreshold": "error_threshold",
    "retrysettings": "retry_settings",
    "maxretries": "max_retries",
    "outputfilename": "output_file_name",
    "instancecount": "instance_count",
    "logginglevel": "logging_level",
    "maxconcurrencyperinstance": "max_concurrency_per_instance",
    "name": "job_name",
    "outputdataset": "output_dataset",
    "datastoreid": "datastore_id",
    "displayname": "display_name",
    "experimentname": "experiment_name",
    "jobinputtype": "type",
    "joboutputtype": "type",
    "uri": "path",
    "value": "default",
}
"""Names of Azure's bodies, in lower case, as declarations spell them; the others are spelled as they are."""
PLAIN = {"deployment": "deployment_name", "output": "output_path", "name": "job_name"}
"""Words of a plain body that a declaration has other words for."""
OF_A_DATASET = {"dataurl": "path", "datasetid": "datasetid", "datasetversion": "datasetname"}
LAST_COMMA = re.compile(r'("[^"\\]*(?:\\.[^"\\]*)*")|,(?=\s*[}\]])', re.DOTALL)
"""Texts, and commas after a last member, which stand in samples of Azure's and which its service takes."""
ADVICE = 'send {"input": "azureml://datastores/NAME/paths/PATH"}, or {"properties": {"InputData": {...}}}'


def invocation_of(text: bytes, deployment: str | None) -> Invocation:
    """What a body asks for, and of which deployment, if a header names one.

    Raises: RefusedError with everything that is wrong.
    """
    body = _object(text)
    properties = next((value for name, value in body.items() if name.lower() == "properties"), None)
    asked = _azures(properties) if properties is not None else _plain(body)
    if deployment:
        asked["deployment_name"] = deployment
    try:
        return declare(Invocation, Document(asked)).spec
    except DeclarationError as error:
        raise bad_request("; ".join(error.problems), error.problems if len(error.problems) > 1 else ()) from error


def _object(text: bytes) -> Body:
    try:
        body = _parsed(text)
    except (ValueError, RecursionError) as error:
        raise bad_request(f"the body is no JSON: {error}; {ADVICE}") from error
    if not isinstance(body, dict):
        raise bad_request(f"the body is no JSON object; {ADVICE}")
    return body


def _parsed(text: bytes) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return json.loads(LAST_COMMA.sub(lambda found: found[1] or "", text.decode()))


def _plain(body: Body) -> dict[str, Any]:
    asked = {PLAIN.get(name, name): value for name, value in body.items()}
    if len(asked) < len(body):
        raise bad_request("the body says one thing in two words, such as output and output_path; keep one")
    return asked


def _azures(properties: object) -> dict[str, Any]:
    asked = _spelled(properties, "properties")
    for holder in ("retry_settings", "compute", "output_dataset"):
        if holder in asked:
            asked[holder] = _spelled(asked[holder], holder)
    for holder in ("inputs", "outputs"):
        named = asked.get(holder, {})
        if not isinstance(named, Mapping):
            raise bad_request(f"{holder} is no JSON object of names and what they stand for; {ADVICE}")
        asked[holder] = {name: _spelled(each, f"{holder}.{name}") for name, each in named.items()}
    if (dataset := asked.pop("dataset", None)) is not None:
        asked["inputs"]["dataset"] = _dataset(_spelled(dataset, "dataset"))
    return _with_folders(asked)


def _dataset(given: Body) -> Body:
    """The input as older clients send it."""
    kind = str(given.get("datainputtype", "DataUrl")).lower()
    if kind not in OF_A_DATASET:
        raise bad_request(
            f"dataset.dataInputType is {given['datainputtype']!r}; it must be DataUrl, DatasetId or DatasetVersion"
        )
    path = given.get(OF_A_DATASET[kind])
    if kind == "datasetversion" and path:
        version = given.get("datasetversion")
        path = f"azureml:{path}:{version}" if version else f"azureml:{path}@latest"
    return {"path": path} if path else {}


def _with_folders(asked: dict[str, Any]) -> dict[str, Any]:
    """Azure's output is the file of the rows; ours is the folder that it is in, with the account of the job beside."""
    for each in asked["outputs"].values():
        folder, _, name = str(each.get("path", "")).rpartition("/")
        if str(each.get("type", "")).lower() in {"urifile", "uri_file"} and PurePosixPath(name).suffix:
            each["path"] = folder
            asked.setdefault("output_file_name", name)
    return asked


def _spelled(value: object, called: str) -> dict[str, Any]:
    """A JSON object with its names as declarations spell them. Raises: RefusedError when it has one twice."""
    if not isinstance(value, Mapping):
        raise bad_request(f"{called} is no JSON object; {ADVICE}")
    spelled: dict[str, Any] = {}
    for name, each in value.items():
        ours = NAMES.get(name.lower(), name.lower())
        if each is None:
            continue
        if ours in spelled:
            raise bad_request(f"{called}.{name} is given twice, in two spellings; keep one")
        spelled[ours] = each
    return spelled
