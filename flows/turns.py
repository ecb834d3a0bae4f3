"""The jobs of one schedule beside each other: what one does that comes due while the one before still runs."""

from collections.abc import Iterator
from contextlib import contextmanager

from prefect import get_run_logger
from prefect.context import FlowRunContext

from blocks.errors import NotRegistered
from blocks.names import schedule_limit
from blocks.schedules import Schedule
from blocks.store import Store
from flows.errors import TurnSkippedError
from flows.instances import hold


def schedule_of_this_run(store: Store) -> Schedule | None:
    """The schedule that created the flow run we are in; None for other jobs, and for schedules made in Prefect."""
    context = FlowRunContext.get()
    created_by = context.flow_run.created_by if context is not None and context.flow_run is not None else None
    if created_by is None or created_by.type != "SCHEDULE" or not created_by.display_value:
        return None
    try:
        return store.get(Schedule, created_by.display_value)
    except NotRegistered:
        return None


@contextmanager
def hold_turn(store: Store, flow_run_id: str) -> Iterator[None]:
    """Run as the schedule's `overlap` says; while another job of it has the turn, the state's name is Queued.

    Raises: TurnSkippedError when the job before still runs and this one is to be left out.
    """
    schedule = schedule_of_this_run(store)
    if schedule is None or schedule.overlap == "allow":
        yield
        return

    def wait() -> None:
        if schedule.overlap == "skip":
            raise TurnSkippedError(
                f"left out: the job that schedule {schedule.name!r} sent before still runs, and its overlap is skip"
            )
        get_run_logger().info("Waiting for the job that schedule %s sent before", schedule.name)

    with hold(schedule_limit(schedule.name), 1, flow_run_id, wait):
        yield
