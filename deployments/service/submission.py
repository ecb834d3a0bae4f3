"""Sending a job to an endpoint, with every refusal that can be seen beforehand."""

import re
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from blocks.errors import BlockError
from blocks.invocation import FilesType, Invocation
from blocks.names import same_name
from blocks.overrides import Overrides
from blocks.references import find_compute
from blocks.specs import Compute, Deployment, Endpoint
from blocks.store import Store
from deployments.service.data import is_upload, upload
from deployments.service.datastores import ensure_default_datastore
from deployments.service.errors import ConflictError, ServiceError, UnusableError, about
from deployments.service.job_records import Job
from deployments.service.registration import Launcher, Order
from flows.access import open_urls
from flows.errors import JobRefusedError
from flows.paths import (
    choose_datastore,
    find_data,
    is_out_of_reach,
    job_folder,
    names_data_asset,
    output_folder,
    resolve_url,
)
from flows.resolve import adjust, check_instances, check_shared_output, find_deployment
from scoring.errors import InputError, ScoringError
from scoring.finding import find, is_hidden, locate
from scoring.output import check_output

JOB_NAME = re.compile(r"[a-zA-Z0-9][-_.a-zA-Z0-9]{0,254}")
LONGEST_KEY = 255


@dataclass(frozen=True)
class Request:
    """What a user asks for.

    Attributes:
        endpoint: whose name the job is sent to.
        input: folder or file: a local path, a URL, azureml://datastores/NAME/paths/PATH, or a data asset.
        input_type: which of the two it must be; None takes either.
        deployment: another one than the endpoint's default.
        output: folder for the output, in the same forms but for data assets; None leaves it to the job.
        job_name: the job's name; None makes it the flow run's id.
        overrides: what this job changes of the deployment.
        idempotency_key: of all requests to the endpoint with one key only the first makes a job; None makes one.
        began: when the command that sends it did, in seconds since 1970; None where that is not known.
    """

    endpoint: str
    input: str
    input_type: FilesType | None = None
    deployment: str | None = None
    output: str | None = None
    job_name: str | None = None
    overrides: Overrides = field(default_factory=Overrides)
    idempotency_key: str | None = None
    began: float | None = None


def request_of(
    endpoint: str, invocation: Invocation, *, idempotency_key: str | None = None, began: float | None = None
) -> Request:
    """What somebody asks for who invokes an endpoint."""
    files = invocation.files
    assert files.path is not None, "an invocation without files is refused when it is read"
    return Request(
        endpoint=endpoint,
        input=files.path,
        input_type="uri_file" if files.type == "uri_file" else "uri_folder" if files.type else None,
        deployment=invocation.deployment_name,
        output=invocation.output,
        job_name=invocation.job_name,
        overrides=invocation.overrides,
        idempotency_key=idempotency_key,
        began=began,
    )


def submit(store: Store, launcher: Launcher, request: Request) -> Job:
    """Create the flow run of a job; a worker picks it up. Nothing is created when it is refused.

    A request whose idempotency key was used before is answered with the job it made then, whatever has become of it.
    Raises: NotRegistered, JobRefusedError, InputError, OutputExistsError, UnusableError or ConflictError, each with
        the sentence that the job itself would end with.
    """
    endpoint = store.get(Endpoint, request.endpoint)
    key = request.idempotency_key
    if key is None:
        return launcher.launch(order_of(store, endpoint, request))
    if not 1 <= len(key) <= LONGEST_KEY:
        raise UnusableError(f"an idempotency key has 1 to {LONGEST_KEY} characters, and this one has {len(key)}")
    # What lies on this machine may have to be copied first, which a repeated request does without.
    sent = launcher.sent_with(endpoint.name, key) if _is_path(request.input) else None
    return _same(store, sent or _launched(store, launcher, endpoint, request, key), request)


def _launched(store: Store, launcher: Launcher, endpoint: Endpoint, request: Request, key: str) -> Job:
    """The job that a request makes, or the one that its key made: whether there is one is asked when it is refused."""
    try:
        return launcher.launch(order_of(store, endpoint, request))
    except (BlockError, ServiceError, JobRefusedError, ScoringError):
        sent = launcher.sent_with(endpoint.name, key)
        if sent is None:
            raise
        return sent


def order_of(store: Store, endpoint: Endpoint, request: Request) -> Order:
    """The job as it will be sent. The default deployment and @latest are followed here: what they mean later is
    nothing to a job that was sent before.

    Raises: as `submit`, for what can be seen without Prefect.
    """
    with about("deployment_name"):
        deployment = find_deployment(store, endpoint.name, request.deployment)
    adjusted = adjust(deployment, request.overrides)
    compute = find_compute(store, adjusted.compute)
    with about("instance_count"):
        check_instances(adjusted, compute)
    ensure_default_datastore(store)
    with about("datastore"):
        datastore = choose_datastore(store, endpoint, request.overrides)
    with about("shared_output"):
        check_shared_output(adjusted.settings, job_folder(store, "", datastore))
    with about("input"):
        parameters: dict[str, Any] = {"input": pinned(store, request.input), "deployment": deployment.name}
        check_input(store, parameters["input"], request.input_type, adjusted)
    if request.output:
        parameters["output"] = absolute(request.output)
        with about("output_path"):
            folder = output_folder(store, "", parameters["output"])
            open_urls(store, folder)
            check_output(folder, adjusted.settings, overwrite=bool(request.overrides.overwrite))
    if settings := request.overrides.model_dump(mode="json", exclude_none=True):
        parameters["settings"] = settings
    if request.job_name is not None:
        with about("job_name"):
            check_name(request.job_name)
    with about("input"):
        parameters["input"] = within_reach(store, parameters["input"], compute)
    return Order(endpoint.name, parameters, request.job_name, request.idempotency_key, request.began, datastore)


def check_input(store: Store, text: str, kind: FilesType | None, deployment: Deployment) -> None:
    """Refuse an input that is not there, is not of the kind that was said, or has no file to score.

    A folder on a remote store is only looked for: listing it is the job's work.
    Raises: JobRefusedError for a path of a form we don't know; InputError.
    """
    url = resolve_url(store, text)
    open_urls(store, url)
    root, file = locate(url)
    if kind == "uri_file" and file is None:
        raise InputError(f"input {url} is a folder; give one file, or --input-type uri_folder")
    if kind == "uri_folder" and file is not None:
        raise InputError(f"input {url} is one file; give a folder, or --input-type uri_file")
    if file is None and root.is_local:
        names = (found.path for found in find(root))
        if not any(deployment.settings.include_hidden or not is_hidden(name) for name in names):
            raise InputError(f"input {url} has no files to score; hidden ones count with settings.include_hidden")


def within_reach(store: Store, text: str, compute: Compute) -> str:
    """An input where the compute finds it: a local one is copied to the default datastore if need be, once.

    Raises: UnusableError when it cannot be copied.
    """
    url = resolve_url(store, text)
    return upload(store, Path(url).resolve(), "input") if is_out_of_reach(store, url, compute) else text


def check_name(name: str) -> None:
    """Refuse a job name that could be mistaken for an id, or that has other characters. Raises: UnusableError."""
    if not JOB_NAME.fullmatch(name) or _is_id(name):
        raise UnusableError(
            f"{name!r} is no name for a job: it must be up to 255 letters, digits, dots, dashes and underscores that "
            "begin with a letter or a digit, and no id"
        )


def _same(store: Store, sent: Job, request: Request) -> Job:
    """The job that was sent with a key, when it is the one that is asked for again. Raises: ConflictError."""
    asked = {
        # What @latest meant when the job was sent is not asked again, nor what a copied input held.
        "input": sent.input if _is_settled(request.input, sent.input) else pinned(store, request.input),
        "output": absolute(request.output) if request.output else None,
        "settings": request.overrides.model_dump(mode="json", exclude_none=True),
        "name": request.job_name or sent.name,
    }
    other = [name for name, value in asked.items() if getattr(sent, name) != value]
    if request.deployment is not None and not same_name(request.deployment, sent.deployment_name or ""):
        other.append("deployment")
    if other:
        raise ConflictError(
            f"idempotency key {request.idempotency_key!r} was used for job {sent.name!r}, which has another "
            f"{' and another '.join(other)}; give another key for another job"
        )
    return sent


def _is_settled(asked: str, sent: str | None) -> bool:
    is_copied = sent is not None and is_upload(sent) and Path(sent).name == Path(asked).resolve().name
    return asked.endswith("@latest") or is_copied


def pinned(store: Store, text: str) -> str:
    """An input as the job gets it: of a data asset the version that it is now, of a path what it is from here."""
    return str(find_data(store, text)) if names_data_asset(text) else absolute(text)


def absolute(text: str) -> str:
    """A local path as seen from here, which is another folder than the job's; URLs and references as they are."""
    return str(Path(text).expanduser().absolute()) if _is_path(text) else text


def _is_path(text: str) -> bool:
    return "://" not in text and not text.startswith("azureml:")


def _is_id(name: str) -> bool:
    try:
        uuid.UUID(name)
    except ValueError:
        return False
    return True
