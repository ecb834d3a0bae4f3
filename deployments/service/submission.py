"""Sending a job to an endpoint, with every refusal that can be seen beforehand."""

import re
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.responses import DeploymentResponse
from prefect.exceptions import ObjectNotFound

from blocks.overrides import Overrides
from blocks.references import find_compute
from blocks.specs import Deployment, Endpoint
from blocks.store import Store
from deployments.embedded.bell import ring
from deployments.embedded.home import Home, home_path
from deployments.service.datastores import ensure_default_datastore
from deployments.service.errors import ConflictError, UnusableError
from deployments.service.job_records import NAME_TAG, find_run
from deployments.service.registration import FLOW
from flows.beginning import SENT
from flows.paths import output_folder, resolve_url
from flows.resolve import adjust, check_instances, find_deployment
from scoring.errors import InputError
from scoring.finding import find, is_hidden, locate
from scoring.output import check_output

JOB_NAME = re.compile(r"[a-zA-Z0-9][-_.a-zA-Z0-9]{0,254}")
InputType = Literal["uri_folder", "uri_file"]


@dataclass(frozen=True)
class Request:
    """What a user asks for.

    Attributes:
        endpoint: whose name the job is sent to.
        input: folder or file: a local path, a URL, or azureml://datastores/NAME/paths/PATH.
        input_type: which of the two it must be; None takes either.
        deployment: another one than the endpoint's default.
        output: folder for the output, in the same forms; None leaves it to the job.
        job_name: the job's name; None makes it the flow run's id.
        overrides: what this job changes of the deployment.
        began: when the command that sends it did, in seconds since 1970; None where that is not known.
    """

    endpoint: str
    input: str
    input_type: InputType | None = None
    deployment: str | None = None
    output: str | None = None
    job_name: str | None = None
    overrides: Overrides = field(default_factory=Overrides)
    began: float | None = None


def submit(store: Store, client: SyncPrefectClient, request: Request) -> FlowRun:
    """Create the flow run of a job; a worker picks it up. Nothing is created when it is refused.

    The default deployment is followed here, so that pointing it elsewhere moves no job that was sent before.
    Raises: NotRegistered, JobRefusedError, InputError, OutputExistsError, UnusableError or ConflictError, each with
        the sentence that the job itself would end with.
    """
    endpoint = store.get(Endpoint, request.endpoint)
    deployment = find_deployment(store, endpoint.name, request.deployment)
    adjusted = adjust(deployment, request.overrides)
    check_instances(adjusted, find_compute(store, adjusted.compute))
    ensure_default_datastore(store)
    parameters: dict[str, Any] = {"input": _absolute(request.input), "deployment": deployment.name}
    check_input(store, parameters["input"], request.input_type, adjusted)
    if request.output:
        parameters["output"] = _absolute(request.output)
        check_output(output_folder(store, "", parameters["output"]), adjusted.settings)
    if settings := request.overrides.model_dump(mode="json", exclude_none=True):
        parameters["settings"] = settings
    if request.job_name:
        check_name(client, request.job_name)
    run = client.create_flow_run_from_deployment(
        _prefect_deployment_for(client, deployment).id,
        parameters=parameters,
        name=request.job_name,
        tags=[f"{NAME_TAG}{request.job_name}"] if request.job_name else [],
        labels={} if request.began is None else {SENT: request.began},
        idempotency_key=str(uuid.uuid4()),  # the client sends a request again when the server was busy
    )
    ring(Home(home_path()).bell)
    return run


def check_input(store: Store, text: str, kind: InputType | None, deployment: Deployment) -> None:
    """Refuse an input that is not there, is not of the kind that was said, or has no file to score.

    A folder on a remote store is only looked for: listing it is the job's work.
    Raises: JobRefusedError for a path of a form we don't know; InputError.
    """
    url = resolve_url(store, text)
    root, file = locate(url)
    if kind == "uri_file" and file is None:
        raise InputError(f"input {url} is a folder; give one file, or --input-type uri_folder")
    if kind == "uri_folder" and file is not None:
        raise InputError(f"input {url} is one file; give a folder, or --input-type uri_file")
    if file is None and root.is_local:
        names = (found.path for found in find(root))
        if not any(deployment.settings.include_hidden or not is_hidden(name) for name in names):
            raise InputError(f"input {url} has no files to score; hidden ones count with settings.include_hidden")


def check_name(client: SyncPrefectClient, name: str) -> None:
    """Refuse a job name that is taken, or that could be mistaken for an id.

    Raises: UnusableError; ConflictError.
    """
    if not JOB_NAME.fullmatch(name) or _is_id(name):
        raise UnusableError(
            f"{name!r} is no name for a job: it must be up to 255 letters, digits, dots, dashes and underscores that "
            "begin with a letter or a digit, and no id"
        )
    if find_run(client, name) is not None:
        raise ConflictError(f"there is a job {name!r} already; give another --job-name")


def prefect_deployment_of(client: SyncPrefectClient, endpoint: str) -> DeploymentResponse:
    """The Prefect deployment of a registered endpoint. Raises: ConflictError when Prefect does not have it."""
    try:
        return client.read_deployment_by_name(f"{FLOW}/{endpoint}")
    except ObjectNotFound as error:
        raise ConflictError(
            f"endpoint {endpoint!r} has no Prefect deployment any more; register it again: batchpoint batch-endpoint "
            f"update --name {endpoint}"
        ) from error


def _prefect_deployment_for(client: SyncPrefectClient, deployment: Deployment) -> DeploymentResponse:
    """Raises: ConflictError when Prefect was not told of the deployment: the command that created it was killed."""
    endpoint = deployment.endpoint_name
    found = prefect_deployment_of(client, endpoint)
    form: Any = (found.parameter_openapi_schema or {}).get("properties", {})
    if deployment.name not in form.get("deployment", {}).get("enum", []):
        raise ConflictError(
            f"Prefect was not told of deployment {deployment.name!r} of endpoint {endpoint!r}; tell it again: "
            f"batchpoint batch-endpoint update --name {endpoint}"
        )
    return found


def _absolute(text: str) -> str:
    """A local path as seen from here, which is another folder than the job's; URLs and references as they are."""
    if "://" in text or text.startswith("azureml:"):
        return text
    return str(Path(text).expanduser().absolute())


def _is_id(name: str) -> bool:
    try:
        uuid.UUID(name)
    except ValueError:
        return False
    return True
