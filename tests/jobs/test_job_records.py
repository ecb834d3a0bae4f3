"""Azure's words for what Prefect says of a job."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from prefect.client.schemas.objects import FlowRun, State
from prefect.states import (
    AwaitingRetry,
    Cancelled,
    Cancelling,
    Completed,
    Crashed,
    Failed,
    Paused,
    Pending,
    Running,
    Scheduled,
)

from deployments.service.job_records import name_of, record, status_of

ID = UUID("00000000-0000-4000-8000-000000000001")
LATER = datetime.now(UTC) + timedelta(hours=1)
EARLIER = datetime.now(UTC) - timedelta(seconds=5)


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (None, "NotStarted"),
        (Scheduled(scheduled_time=LATER), "NotStarted"),
        (Scheduled(scheduled_time=EARLIER), "Queued"),
        (Scheduled(scheduled_time=EARLIER, name="Late"), "Queued"),
        (AwaitingRetry(scheduled_time=EARLIER), "Queued"),
        (Pending(), "Starting"),
        (Pending(name="Submitting"), "Starting"),
        (Running(), "Running"),
        (Running(name="Queued"), "Queued"),
        (Running(name="Finalizing"), "Finalizing"),
        (Running(name="Retrying"), "Running"),
        (Cancelling(), "CancelRequested"),
        (Cancelled(), "Canceled"),
        (Completed(), "Completed"),
        (Completed(name="CompletedWithErrors"), "Completed"),
        (Failed(), "Failed"),
        (Crashed(), "Failed"),
        (Paused(), "Paused"),
    ],
)
def test_every_state_has_its_status(state: State | None, status: str) -> None:
    assert status_of(state) == status


def test_a_job_is_named_by_its_id_unless_it_was_given_a_name() -> None:
    assert name_of(FlowRun(id=ID, flow_id=ID)) == str(ID)
    assert name_of(FlowRun(id=ID, flow_id=ID, tags=["mine", "job-name:friday"])) == "friday"


def test_a_record_keeps_prefects_own_words_beside_azures() -> None:
    state = Completed(name="CompletedWithErrors", message="2 of 9 files failed")
    run = FlowRun(
        id=ID, flow_id=ID, name="odd-otter", state=state, parameters={"input": "/data", "deployment": "torch"}
    )
    job = record(run, "mnist")
    assert (job.status, job.state, job.state_message) == ("Completed", "CompletedWithErrors", "2 of 9 files failed")
    assert (job.display_name, job.endpoint_name, job.deployment_name, job.input) == (
        "odd-otter",
        "mnist",
        "torch",
        "/data",
    )
    assert job.has_ended
