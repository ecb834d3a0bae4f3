"""Jobs over HTTP: send, show, list, cancel, resume."""

import time
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response

from blocks.names import same_name
from blocks.tokens import Token
from deployments.gateway.bodies import invocation_of
from deployments.gateway.callers import EndpointName, InUse, Reader, Sender
from deployments.gateway.errors import RefusedError
from deployments.gateway.recent import ARRIVED
from deployments.gateway.resources import JobPage, JobResource, resource
from deployments.service import jobs, resumption
from deployments.service.job_files import with_files
from deployments.service.job_records import Job
from deployments.service.submission import request_of

LONGEST_BODY = 1 << 20
"""Bytes of a body: an invocation has names and settings, and no data."""
FARTHEST = 10_000
EXAMPLES: dict[str, Any] = {
    "plain": {
        "value": {"input": "azureml://datastores/workspaceblobstore/paths/digits", "deployment": "mnist-torch-dpl"}
    },
    "azure": {
        "value": {
            "properties": {
                "InputData": {"digits": {"JobInputType": "UriFolder", "Uri": "azureml:digits@latest"}},
                "miniBatchSize": 20,
            }
        }
    },
}
BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": "object"}, "examples": EXAMPLES}},
    }
}

router = APIRouter(tags=["jobs"])


async def _body(request: Request) -> bytes:
    taken = bytearray()
    async for piece in request.stream():
        taken += piece
        if len(taken) > LONGEST_BODY:
            raise RefusedError(
                413, "RequestTooLarge", f"the body is longer than {LONGEST_BODY} bytes; send paths, no data"
            )
    return bytes(taken)


async def _wait_for_turn(system: InUse) -> AsyncIterator[None]:
    ARRIVED.set(time.monotonic())
    async with system.turns.take():
        yield


def job_of(endpoint: EndpointName, job: Annotated[str, Path(max_length=255)], system: InUse, _caller: Reader) -> Job:
    """The job of the path, which is one of the endpoint of the path. Raises: JobNotFoundError."""
    found = system.recent.of(job, lambda: jobs.read(system.client, job, system.names))
    if found.endpoint_name is None or not same_name(found.endpoint_name, endpoint):
        raise jobs.JobNotFoundError(job)
    return found


Found = Annotated[Job, Depends(job_of)]
Text = Annotated[bytes, Depends(_body)]
Turn = Annotated[None, Depends(_wait_for_turn, scope="function")]
Named = Annotated[str | None, Header(max_length=255)]


@router.post("/endpoints/{endpoint}/jobs", status_code=201, openapi_extra=BODY)
def send_job(
    endpoint: EndpointName,
    request: Request,
    response: Response,
    system: InUse,
    caller: Sender,
    text: Text,
    _turn: Turn,
    deployment: Annotated[str | None, Header(alias="azureml-model-deployment", max_length=32)] = None,
    idempotency_key: Named = None,
    repeatability: Annotated[str | None, Header(alias="repeatability_request-id", max_length=255)] = None,
    repeatability_request_id: Named = None,
) -> JobResource:
    """Send a job to an endpoint; a request that repeats an idempotency key is answered with the job it made first."""
    asked = invocation_of(text, deployment)
    _check_variables(caller, asked.environment_variables)
    system.reach.check(system.store, asked)
    key = idempotency_key or repeatability or repeatability_request_id
    job = jobs.invoke(system.store, system.launcher, request_of(endpoint, asked, idempotency_key=key))
    request.state.job = job.name
    system.recent_lists.forget()
    shown = _shown(request, endpoint, job)
    response.headers["Location"] = _url(request, endpoint, job)
    return shown


@router.get("/endpoints/{endpoint}/jobs")
def list_jobs(
    endpoint: EndpointName,
    request: Request,
    system: InUse,
    _caller: Reader,
    top: Annotated[int, Query(ge=1, le=200, description="How many at most.")] = 50,
    skip: Annotated[int, Query(ge=0, le=FARTHEST, description="How many of the newest to leave out.")] = 0,
    deployment: Annotated[str | None, Query(max_length=32, description="Only this deployment's.")] = None,
) -> JobPage:
    """List an endpoint's jobs, the newest first."""
    most = skip + top + 1

    def ask() -> list[Job]:
        return jobs.list_all(
            system.store, system.client, endpoint=endpoint, deployment=deployment, most=most, names=system.names
        )

    found = system.recent_lists.of((endpoint, deployment, most), ask)
    here = [_shown(request, endpoint, each) for each in found[skip : skip + top]]
    more = request.url.include_query_params(skip=skip + top, top=top) if len(found) > skip + top else None
    return JobPage(value=here, next_link=str(more) if more else None)


@router.get("/endpoints/{endpoint}/jobs/{job}")
def show_job(endpoint: EndpointName, request: Request, system: InUse, found: Found) -> JobResource:
    """Show a job."""
    return _shown(request, endpoint, system.recent.of(("files", found.id), lambda: with_files(system.store, found)))


@router.post("/endpoints/{endpoint}/jobs/{job}/cancel", status_code=202)
def cancel_job(endpoint: EndpointName, request: Request, system: InUse, _caller: Sender, found: Found) -> JobResource:
    """Ask a job to end; one that was canceled before is left as it is."""
    canceled = jobs.cancel(system.store, system.client, str(found.id), wait=False)
    system.forget_jobs()
    return _shown(request, endpoint, canceled)


@router.post("/endpoints/{endpoint}/jobs/{job}/resume", status_code=202)
def resume_job(endpoint: EndpointName, request: Request, system: InUse, _caller: Sender, found: Found) -> JobResource:
    """Have a job go on that failed, was canceled or whose machine died; only what is missing is scored."""
    resumed = resumption.resume(system.store, system.client, str(found.id))
    system.forget_jobs()
    return _shown(request, endpoint, resumed)


def _check_variables(caller: Token, variables: dict[str, str] | None) -> None:
    """An environment variable may decide what code the scoring process loads."""
    if variables and not caller.may("admin"):
        raise RefusedError(
            403,
            "Forbidden",
            f"token {caller.name} has role {caller.role!r}, and environment_variables take role 'admin'; give values "
            "for the scoring script as literal inputs: literals",
        )


def _shown(request: Request, endpoint: str, job: Job) -> JobResource:
    return resource(
        job.model_copy(update={"endpoint_name": job.endpoint_name or endpoint}), _url(request, endpoint, job)
    )


def _url(request: Request, endpoint: str, job: Job) -> str:
    return str(request.url_for("show_job", endpoint=endpoint, job=job.name))
