"""What a job says of its own flow run's state."""

from datetime import UTC, datetime, timedelta

import pytest
from prefect.states import Cancelling, Running, Scheduled

from flows.own_state import FINALIZING, QUEUED, is_being_canceled, show_running_as
from tests.flows.conftest import Jobs

pytestmark = pytest.mark.server


def test_a_running_job_is_named_for_what_it_does_and_one_that_is_being_canceled_stays_so(jobs: Jobs) -> None:
    flow = jobs.client.create_flow_from_name("own-state")
    deployment = jobs.client.create_deployment(flow, "own-state")
    later = Scheduled(scheduled_time=datetime.now(UTC) + timedelta(days=1))
    run = jobs.client.create_flow_run_from_deployment(deployment, state=later)
    jobs.client.set_flow_run_state(run.id, Running(), force=True)
    for name in (QUEUED, "Running", FINALIZING):
        show_running_as(str(run.id), name)
        now = jobs.read(str(run.id)).state
        assert now is not None
        assert (now.type, now.name) == ("RUNNING", name)
    assert not is_being_canceled(str(run.id))
    jobs.client.set_flow_run_state(run.id, Cancelling())
    show_running_as(str(run.id), FINALIZING)
    assert jobs.read(str(run.id)).state.type == "CANCELLING"
    assert is_being_canceled(str(run.id))
    jobs.client.delete_flow_run(run.id)
