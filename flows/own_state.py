"""The state of a job's flow run, where the job itself says or asks something of it."""

from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.states import Running

QUEUED = "Queued"
FINALIZING = "Finalizing"


def show_running_as(flow_run_id: str, name: str) -> None:
    """Name a running job's state for what it does: the type stays Running, which is what Prefect acts on.

    Not forced: a job that is being canceled stays so, which Prefect's server sees to.
    """
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(UUID(flow_run_id), Running(name=name))


def is_being_canceled(flow_run_id: str) -> bool:
    """Whether the job was asked to end, as the server has it."""
    with get_client(sync_client=True) as client:
        state = client.read_flow_run(UUID(flow_run_id)).state
    return state is not None and (state.is_cancelling() or state.is_cancelled())
