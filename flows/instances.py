"""A compute's instances, shared by all jobs on it: a Prefect global concurrency limit that each job takes from."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from prefect import get_run_logger
from prefect.concurrency.asyncio import ConcurrencySlotAcquisitionError
from prefect.concurrency.sync import concurrency

from blocks.names import compute_limit
from flows.own_state import QUEUED, show_running_as

LEASE = 60  # seconds, the least Prefect takes: so long a killed job's instances stay taken


@contextmanager
def hold_instances(compute: str, count: int, flow_run_id: str) -> Iterator[None]:
    """Take instances of a compute for the time of a job; while none are free the job's state is named Queued."""

    def wait() -> None:
        get_run_logger().info("Waiting for %d instances of compute %s: other jobs have them", count, compute)

    with hold(compute_limit(compute), count, flow_run_id, wait):
        yield


@contextmanager
def hold(limit: str, count: int, flow_run_id: str, on_wait: Callable[[], None]) -> Iterator[None]:
    """Take so many of a global concurrency limit; `on_wait` is called before others are waited for, and may raise."""
    with ExitStack() as stack:
        try:
            stack.enter_context(concurrency(limit, occupy=count, max_retries=0, strict=True, lease_duration=LEASE))
        except ConcurrencySlotAcquisitionError:
            on_wait()
            show_running_as(flow_run_id, QUEUED)
            stack.enter_context(concurrency(limit, occupy=count, strict=True, lease_duration=LEASE))
            show_running_as(flow_run_id, "Running")
        yield
