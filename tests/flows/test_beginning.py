"""What a job's flow knows of the time before it."""

import uuid
from datetime import UTC, datetime

import pytest
from prefect.client.schemas.objects import FlowRun

from flows.beginning import SENT, known_of

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
AT = NOON.timestamp()


def run(**known: object) -> FlowRun:
    return FlowRun(flow_id=uuid.uuid4(), created=NOON, **{"run_count": 1, **known})


def test_a_job_of_the_command_line_knows_every_stage() -> None:
    assert known_of(run(labels={SENT: AT - 0.5}), str(AT + 1), AT + 3) == {"submit": 0.5, "pick_up": 1, "import": 2}


def test_of_another_door_it_is_not_known_when_sending_began() -> None:
    assert known_of(run(), str(AT + 1), AT + 3) == {"pick_up": 1, "import": 2}


def test_where_prefects_own_worker_starts_processes_the_import_counts_as_picking_up() -> None:
    assert known_of(run(), None, AT + 3) == {"pick_up": 3}


def test_a_scheduled_job_is_picked_up_from_when_it_was_due() -> None:
    due = datetime(2026, 1, 2, tzinfo=UTC)
    assert known_of(run(expected_start_time=due), None, due.timestamp() + 2) == {"pick_up": 2}


@pytest.mark.parametrize("run_count", [2, 3])
def test_a_job_that_is_run_again_knows_none_of_it(run_count: int) -> None:
    assert known_of(run(run_count=run_count), str(AT + 1), AT + 3) == {}
