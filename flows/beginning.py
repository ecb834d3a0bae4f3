"""What went before the first line of a job's flow."""

import os
import time

from prefect.client.schemas.objects import FlowRun
from prefect.context import FlowRunContext

from scoring.stages import Stages

SENT = "batchpoint.sent"
"""Label of a flow run: when the command that sent it began, in seconds since 1970."""
STARTED = "BATCHPOINT_STARTED"
"""Variable: when the job's process was started, in seconds since 1970."""


def before_the_flow() -> Stages:
    """The stages of this flow run up to now, as far as they are known."""
    context = FlowRunContext.get()
    assert context is not None
    assert context.flow_run is not None
    stages = Stages()
    stages.seconds.update(known_of(context.flow_run, os.environ.get(STARTED), time.time()))
    return stages


def known_of(run: FlowRun, started: str | None, now: float) -> dict[str, float]:
    """Seconds of the stages before a flow began; nothing for a job that is run again.

    Args:
        run: the flow run; a schedule creates it long before it is due.
        started: when its process was; None where Prefect's own worker started it, and pick_up goes on until `now`.
        now: seconds since 1970.
    """
    if run.run_count > 1 or run.created is None:
        return {}
    due = max(run.created, run.expected_start_time or run.created).timestamp()
    begun = float(started) if started else now
    known = {"pick_up": begun - due}
    if started:
        known["import"] = now - begun
    sent = run.labels.get(SENT)
    if isinstance(sent, (int, float)):
        known["submit"] = run.created.timestamp() - sent
    return known
