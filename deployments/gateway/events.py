"""Events over HTTP: what arrived somewhere becomes jobs, as a hook says."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import Field

from blocks.errors import BlockError
from blocks.hooks import Hook
from blocks.specs import Datastore
from deployments.gateway import notices
from deployments.gateway.callers import Credentials, EndpointName, InUse, caller, check_right
from deployments.gateway.errors import RefusedError, bad_request
from deployments.gateway.hooks import SIGNATURE
from deployments.gateway.jobs import Text, Turn
from deployments.gateway.objects import Objects, wanted
from deployments.gateway.resources import Resource
from deployments.gateway.system import System
from deployments.service.arrivals import Arrival
from deployments.service.errors import ServiceError
from deployments.service.job_records import Job
from flows.errors import JobRefusedError
from scoring.errors import ScoringError

REFUSALS = (RefusedError, ServiceError, BlockError, JobRefusedError, ScoringError)
EXAMPLES: dict[str, Any] = {
    "plain": {"value": {"input": "azureml://datastores/shelf/paths/digits", "id": "upload-17"}},
    "cloudevent": {
        "value": {
            "specversion": "1.0",
            "id": "17",
            "source": "/uploads",
            "type": "com.example.uploaded",
            "data": {"input": "azureml://datastores/shelf/paths/digits"},
        }
    },
    "s3": {
        "value": {
            "Records": [
                {
                    "eventName": "ObjectCreated:Put",
                    "s3": {"bucket": {"name": "inbox"}, "object": {"key": "digits/a.png", "sequencer": "0055AED6"}},
                }
            ]
        }
    },
}
BODY = {
    "requestBody": {
        "required": True,
        "content": {
            f"application/{kind}": {"schema": {}, "examples": EXAMPLES}
            for kind in ("json", "cloudevents+json", "cloudevents-batch+json")
        },
    }
}
Named = Annotated[str | None, Query(max_length=255, description="The hook; left out, the only one of the endpoint.")]

router = APIRouter(tags=["events"])


class EventJob(Resource):
    """A job that events made."""

    name: str
    url: str


class Taken(Resource):
    """What became of the events of a request."""

    jobs: list[EventJob] = Field(description="The jobs that they make, or take part in.")
    ignored: int = Field(0, description="How many tell of something else, or are passed over by the hook.")
    refused: list[str] = Field(default_factory=list, description="Why others make no job.")
    validation_response: str | None = Field(None, description="What Event Grid asked to have sent back.")


@router.options("/endpoints/{endpoint}/events", response_class=Response)
def allow_sender(
    endpoint: EndpointName,  # noqa: ARG001 - what is allowed is to ask; each event is looked at
    origin: Annotated[str | None, Header(alias="webhook-request-origin", max_length=255)] = None,
    rate: Annotated[int | None, Header(alias="webhook-request-rate", ge=1)] = None,
) -> Response:
    """Tell a sender of CloudEvents that it may send; that it is who it says, each of its requests must show."""
    if origin is None:
        raise bad_request("a sender of events says who it is: WebHook-Request-Origin: HOST")
    asked = {"WebHook-Allowed-Rate": str(rate)} if rate is not None else {}
    return Response(headers={"Allow": "POST, OPTIONS", "WebHook-Allowed-Origin": origin} | asked)


@router.post(
    "/endpoints/{endpoint}/events",
    status_code=202,
    openapi_extra=BODY,
    response_model_exclude_none=True,
    responses={200: {"model": Taken, "description": "What Event Grid asked to have sent back."}},
)
def take_events(
    endpoint: EndpointName,
    request: Request,
    response: Response,
    system: InUse,
    credentials: Credentials,
    text: Text,
    _turn: Turn,
    hook: Named = None,
) -> Taken:
    """Make jobs of events: many for one input become one, and one that is sent again makes no other.

    Callers show a token of role invoke, or sign as Standard Webhooks says, with the secret of the hook.
    """
    if code := notices.validation_code(text, request.headers):
        response.status_code = 200  # which Event Grid wants, and it may not send the token with it
        return Taken(jobs=[], validation_response=code)
    found = _admitted(request, system, endpoint, hook, credentials, text)
    told = notices.told(text, request.headers)
    now = datetime.now(UTC)
    objects = Objects(tuple(system.store.list(Datastore)))
    made: dict[str, str] = {}
    ignored, refusals = told.ignored, list[Exception]()
    for notice in told.notices:
        try:
            job = _job(system, found, objects, notice, now)
        except REFUSALS as error:
            refusals.append(error)
            continue
        if job is None:
            ignored += 1
        else:
            made[job.name] = str(request.url_for("show_job", endpoint=endpoint, job=job.name))
    if refusals and not made and not ignored:
        raise refusals[0]
    request.state.job = ", ".join(made) or None
    jobs = [EventJob(name=name, url=url) for name, url in made.items()]
    return Taken(jobs=jobs, ignored=ignored, refused=[str(each) for each in refusals])


def _admitted(
    request: Request, system: System, endpoint: str, name: str | None, credentials: Credentials, text: bytes
) -> Hook:
    """The hook that a request is for, once it is known that its sender may. Raises: RefusedError."""
    if credentials is not None or SIGNATURE not in request.headers:
        check_right(caller(request, system, credentials), endpoint, "invoke")
        hook = system.hooks.find(endpoint, name)[0]
    else:
        hook = system.hooks.signed(endpoint, name, request.headers, text)
        system.guard.count(hook)
    request.state.hook = hook.name
    return hook


def _job(system: System, hook: Hook, objects: Objects, notice: notices.Notice, now: datetime) -> Job | None:
    """The job of one event; None when the hook passes it over. Raises: REFUSALS."""
    path = objects.path(notice)
    score = wanted(system.store, hook, path) if notice.is_object else path
    if score is None:
        return None
    system.reach.check_input(system.store, score)
    return system.arrivals.take(hook, Arrival(notice.id, score), now)
