"""Jobs whose process is gone and that nobody speaks for: a Prefect automation says that they crashed.

A worker reports a job whose process ends. When the worker is killed with it, or the whole machine is, only the job's
heartbeats tell, by their absence. Once the job is Crashed it can be resumed.

The embedded server does without: its worker comes back and looks for such jobs (deployments.embedded.revival and
strays). There the automation did harm: with SQLite the whole server stood still for up to a minute, in about one of
eight jobs that were retried while they ran (Prefect 3.8.8; in none of fourteen without it).
"""

from datetime import timedelta

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import StateType
from prefect.events import EventTrigger, Posture, ResourceSpecification
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import AutomationCore

from deployments.embedded import state
from deployments.embedded.home import Home
from deployments.service.registration import FLOW
from scoring.home import home_path

NAME = "batchpoint: jobs without a heartbeat"
SILENCE = timedelta(seconds=90)
"""Without a sign of life, of which there is one every 30 s; the server looks every few seconds."""


def ensure_watch(client: SyncPrefectClient) -> None:
    """Have the server watch over all jobs' heartbeats, unless it does or is the embedded one."""
    embedded = state.read(Home(home_path()))
    if embedded is not None and str(client.api_url).rstrip("/") == embedded.api_url:
        return
    if not client.read_automations_by_name(NAME):
        client.create_automation(watch(NAME, SILENCE))


def watch(name: str, silence: timedelta) -> AutomationCore:
    """The automation that makes a job Crashed after so long without a heartbeat, unless something else was heard of it.

    Whatever happens to a flow run is an event of that kind, its end under any name among them.
    """
    return AutomationCore(
        name=name,
        description="Jobs whose process is gone, and their worker with it, become Crashed and can be resumed.",
        trigger=EventTrigger(
            match=ResourceSpecification({"prefect.resource.id": "prefect.flow-run.*"}),
            match_related=ResourceSpecification({"prefect.resource.role": "flow", "prefect.resource.name": FLOW}),
            after={"prefect.flow-run.heartbeat"},
            expect={"prefect.flow-run.*"},
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=silence,
        ),
        actions=[
            ChangeFlowRunState(
                state=StateType.CRASHED,
                message=f"The job has given no sign of life for {silence.total_seconds():.0f} s: its process is gone, "
                "and its worker or its machine with it. It can be resumed.",
            )
        ],
    )
