"""Word of a job that has ended, sent to the URL of a hook: signed, and sent again until it is taken.

It is a flow of its own, which Prefect runs once a job has ended: what becomes of the word changes nothing of the job.
Between two tries no process waits: the flow run is due again at a time that Prefect's database keeps.
"""

import json
import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

import httpx
from prefect import flow, get_run_logger, runtime
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.exceptions import Abort, ObjectNotFound
from prefect.states import AwaitingRetry, Completed, Failed
from standardwebhooks.webhooks import Webhook

from blocks.errors import BlockError, NotRegistered
from blocks.hooks import Hook
from blocks.names import hook_secret
from blocks.prefect_store import PrefectStore
from blocks.store import Store
from deployments.service.job_files import manifest_of, summary_of, with_files
from deployments.service.job_records import Job, record
from scoring.errors import ScoringError

FLOW_NAME = "send-word"
PATIENCE = 15.0
"""Seconds that a receiver may take to answer."""
DELAYS = (5, 30, 120, 600, 1800, 7200, 18000, 36000)
"""Seconds between tries, of which there is one more: about 18 hours in all."""
JITTER = 0.2
ENDINGS: Final[Mapping[StateType, str]] = {
    StateType.COMPLETED: "completed",
    StateType.FAILED: "failed",
    StateType.CANCELLED: "canceled",
    StateType.CRASHED: "crashed",
}


@flow(name=FLOW_NAME, persist_result=False)
def send_word(hook: str, job: UUID, state: UUID) -> State[Any]:
    """Tell the receiver of a hook how a job ended.

    Args:
        hook: the hook's name.
        job: id of the job's flow run.
        state: id of the state that it ended in, which is also the id of the message.
    Returns: Completed once it was taken, Failed when it never will be.
    """
    store = PrefectStore()
    with get_client(sync_client=True) as client:
        try:
            registered = store.get(Hook, hook)
            text = message(store, client, registered, job, state)
        except (NotRegistered, ObjectNotFound, LookupError) as error:
            return Failed(message=f"there is nothing to tell any more: {error}")
        said = post(registered, store.secrets.read(hook_secret(registered.name)), state, text)
        return settle(client, registered, said)


def message(store: Store, client: SyncPrefectClient, hook: Hook, job: UUID, state: UUID) -> str:
    """What is sent: a CloudEvent whose data is the job as `job show` prints it, and why files failed.

    Raises: ObjectNotFound, LookupError when the job is not there any more.
    """
    run = client.read_flow_run(job)
    ended = ended_in(client, run, state)
    shown = with_files(store, record(run.model_copy(update={"state": ended}), hook.endpoint_name))
    return json.dumps(
        {
            "specversion": "1.0",
            "id": str(state),
            "source": f"/endpoints/{hook.endpoint_name}",
            "type": f"batchpoint.job.{ENDINGS[ended.type]}",
            "subject": shown.name,
            "time": ended.timestamp.isoformat(),
            "datacontenttype": "application/json",
            "data": {**shown.model_dump(mode="json"), "causes": causes_of(store, shown)},
        }
    )


def causes_of(store: Store, job: Job) -> list[dict[str, Any]]:
    """Why files of a job failed, grouped; nothing where its folder is out of reach, which must not hold up the word."""
    try:
        manifest = manifest_of(store, job)
        summary = summary_of(store, manifest) if manifest is not None else None
    except (BlockError, ScoringError):
        return []
    return [each.model_dump(mode="json") for each in summary.causes] if summary is not None else []


def ended_in(client: SyncPrefectClient, run: FlowRun, state: UUID) -> State[Any]:
    """The state of this id that a flow run is in, or was before it was resumed. Raises: LookupError."""
    states = [run.state] if run.state is not None and run.state.id == state else client.read_flow_run_states(run.id)
    found = next((each for each in states if each.id == state), None)
    if found is None or found.type not in ENDINGS:
        raise LookupError(f"job {run.id} never ended in a state {state}")
    return found


def post(hook: Hook, secret: str | None, state: UUID, text: str) -> int | str:
    """Send the message once; the HTTP status that was answered, or why none was."""
    now = datetime.now(UTC)
    headers = {"Content-Type": "application/cloudevents+json", "User-Agent": "batchpoint"}
    if secret is not None:
        headers["webhook-id"] = str(state)
        headers["webhook-timestamp"] = str(int(now.timestamp()))
        headers["webhook-signature"] = Webhook(secret).sign(str(state), now, text)
    try:
        return httpx.post(str(hook.url), content=text, headers=headers, timeout=PATIENCE).status_code
    except httpx.HTTPError as error:
        return f"{type(error).__name__}: {error}"


def settle(client: SyncPrefectClient, hook: Hook, said: int | str) -> State[Any]:
    """The state after a try: the last one, unless there is to be another try. Raises: Abort when there is."""
    if isinstance(said, int) and HTTPStatus.OK <= said < HTTPStatus.MULTIPLE_CHOICES:
        return Completed(message=f"{hook.receiver} took it and answered {said}")
    tries = runtime.flow_run.run_count
    answer = f"answered {said}" if isinstance(said, int) else f"did not answer: {said}"
    answered = f"try {tries}: {hook.receiver} {answer}"
    if said == HTTPStatus.GONE or tries > len(DELAYS):
        return Failed(message=f"{answered}; it is not sent again, unless you press Retry")
    seconds = DELAYS[tries - 1] * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - so that not all come at once
    get_run_logger().warning("%s; it is sent again in %.0f s", answered, seconds)
    due = datetime.now(UTC) + timedelta(seconds=seconds)
    again: State[Any] = AwaitingRetry(scheduled_time=due, message=f"{answered}; it is sent again")
    client.set_flow_run_state(UUID(runtime.flow_run.id), again, force=True)
    raise Abort("sent again later")
