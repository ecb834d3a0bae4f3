"""A job as callers of Azure's batch endpoints read it."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from deployments.gateway.errors import Said
from deployments.gateway.places import shown_place, shown_sentence
from deployments.service.job_records import Job
from scoring.summary import Files

TYPE = "Microsoft.MachineLearningServices/workspaces/batchEndpoints/jobs"
PROVISIONING = {"Completed": "Succeeded", "Failed": "Failed", "Canceled": "Canceled"}
"""Azure's provisioningState of a job that has ended, by its status; of one that goes on it is InProgress."""


class Resource(BaseModel):
    """Base of what is sent: names as Azure spells them."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class InteractionEndpoint(Resource):
    """A page about a job."""

    endpoint: str
    job_endpoint_type: str
    port: int | None = None
    properties: dict[str, str] = Field(default_factory=dict)


class Properties(Resource):
    """What there is to know of a job."""

    status: str = Field(description="NotStarted, Queued, Starting, Running, Finalizing, Completed, Failed or Canceled.")
    status_message: str | None = Field(description="What happened, in a sentence.")
    provisioning_state: str
    name: str
    display_name: str
    deployment: str | None
    input_data: dict[str, dict[str, Any]]
    output_data: dict[str, dict[str, Any]]
    settings: dict[str, Any] = Field(description="What the job changes of its deployment.")
    files: Files | None = Field(description="How its files fared, once it has ended.")
    start_time: datetime | None
    end_time: datetime | None
    interaction_endpoints: dict[str, InteractionEndpoint] = Field(
        description="Studio is its page; score, failures and summary are what it wrote."
    )


class SystemData(Resource):
    """When it was made."""

    created_at: datetime | None


class JobResource(Resource):
    """A job."""

    id: str = Field(examples=["/endpoints/mnist-batch/jobs/friday"])
    name: str
    type: str = TYPE
    status: str
    error: Said | None = Field(None, description="Why it failed, if it did.")
    system_data: SystemData
    properties: Properties


class JobPage(Resource):
    """Jobs, the newest first."""

    value: list[JobResource]
    next_link: str | None = Field(description="Where the next page is; null on the last.")


def resource(job: Job, url: str) -> JobResource:
    """A job, whose own URL is `url`."""
    said = shown_sentence(job.state_message)
    failed = Said(code="JobFailed", message=said or "") if job.status == "Failed" else None
    return JobResource(
        id=f"/endpoints/{job.endpoint_name}/jobs/{job.name}",
        name=job.name,
        status=job.status,
        error=failed,
        system_data=SystemData(created_at=job.creation_context.created_at),
        properties=Properties(
            status=job.status,
            status_message=said,
            provisioning_state=PROVISIONING.get(job.status, "InProgress"),
            name=job.name,
            display_name=job.display_name,
            deployment=job.deployment_name,
            input_data=_inputs(job),
            output_data={"score": _output(job, url)},
            settings=job.settings,
            files=job.files,
            start_time=job.start_time,
            end_time=job.end_time,
            interaction_endpoints=_pages(job, url),
        ),
    )


def _inputs(job: Job) -> dict[str, dict[str, Any]]:
    place = shown_place(job.sent_input, job.input)
    files = {"input": {"jobInputType": "UriFolder"} | ({"uri": place} if place is not None else {})}
    return files | {name: {"jobInputType": "Literal", "value": str(value)} for name, value in job.literals.items()}


def _output(job: Job, url: str) -> dict[str, Any]:
    """The folder where the caller can look too, else the file of rows as the gateway sends it."""
    place = shown_place(job.sent_output, job.output)
    if place is None:
        return {"jobOutputType": "UriFile", "uri": f"{url}/outputs/score"}
    return {"jobOutputType": "UriFolder", "uri": place}


def _pages(job: Job, url: str) -> dict[str, InteractionEndpoint]:
    pages = {name: link.endpoint for name, link in job.services.items()}
    outputs = {name: f"{url}/outputs/{name}" for name in ("score", "failures", "summary")}
    written = outputs if job.has_ended and job.files is not None else {}
    found = pages | written | {"logs": f"{url}/logs"}
    return {name: InteractionEndpoint(endpoint=each, job_endpoint_type=name) for name, each in found.items()}
