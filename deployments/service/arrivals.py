"""Jobs of what arrives: many events for one input within a hook's window become one job, and each event only once.

The job is a flow run that is due at the window's end, with an idempotency key made of hook, input and window. So it is
Prefect's database that makes one of many, and what was accepted is not lost when the gateway dies.
"""

import hashlib
import math
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from cachetools import TTLCache

from blocks.hooks import Hook
from blocks.specs import Endpoint
from blocks.store import Store
from deployments.service.assignments import Assignment, Assignments
from deployments.service.job_records import Job
from deployments.service.registration import Launcher
from deployments.service.submission import Request, order_of

KNOWN_SECONDS = 600.0
"""So long the job of a key is not looked up again; it is the same whenever one looks."""


@dataclass(frozen=True)
class Arrival:
    """Something to score has arrived.

    Attributes:
        id: the event's, as its sender tells events from each other; None when it has none.
        path: what a job is to score: azureml://datastores/NAME/paths/PATH, a URL or a data asset.
    """

    id: str | None
    path: str


class Arrivals:
    """Makes jobs of arrivals.

    Args:
        store, launcher: where endpoints are looked up, and jobs sent.
        assignments: which events were given to which jobs.
    """

    def __init__(self, store: Store, launcher: Launcher, assignments: Assignments) -> None:
        self._store, self._launcher, self._assignments = store, launcher, assignments
        self._known: TTLCache[str, Job] = TTLCache(maxsize=4096, ttl=KNOWN_SECONDS)

    def take(self, hook: Hook, arrival: Arrival, now: datetime) -> Job:
        """The job of an arrival: a new one, or one that an earlier event of the window, or this very event, made.

        Raises: as `submission.submit`; nothing is created then, and the event may come again.
        """
        wanted = assignment_of(hook, arrival, now)
        given = self._assignments.assign(hook.name, arrival.id, wanted) if arrival.id is not None else wanted
        job = self._known.get(given.key)
        if job is None:
            job = self._sent(hook, arrival, given)
            self._known[given.key] = job
        return job

    def _sent(self, hook: Hook, arrival: Arrival, given: Assignment) -> Job:
        """What has become of the hook and its endpoint since the job was made is nothing to it."""
        endpoint = self._store.get(Endpoint, hook.endpoint_name)
        sent = self._launcher.sent_with(endpoint.name, given.key)
        if sent is not None:
            return sent
        request = request_of(hook, arrival, given.key)
        return self._launcher.launch(replace(order_of(self._store, endpoint, request), due=given.due))


def assignment_of(hook: Hook, arrival: Arrival, now: datetime) -> Assignment:
    """The job that an arrival at this time belongs to: of the hook as it is, the input and the window.

    With a window of 0 it is the event's own.
    """
    seen = hook.model_dump_json(exclude={"description", "prefix", "suffix", "window"})
    if hook.window == 0:
        return Assignment(_key(hook, seen, arrival.path, arrival.id or uuid.uuid4().hex), now)
    number = math.floor(now.timestamp() / hook.window)
    due = datetime.fromtimestamp((number + 1) * hook.window, UTC)
    return Assignment(_key(hook, seen, arrival.path, f"{number}/{hook.window}"), due)


def _key(hook: Hook, *parts: str) -> str:
    text = "\0".join(parts).encode(errors="backslashreplace")  # an id may be what is no text
    return f"hook {hook.name[:100]} {hashlib.sha256(text).hexdigest()}"


def request_of(hook: Hook, arrival: Arrival, key: str) -> Request:
    """The job that a hook makes of an arrival."""
    return Request(
        endpoint=hook.endpoint_name,
        input=arrival.path,
        deployment=hook.deployment_name,
        output=hook.output,
        overrides=hook.settings,
        idempotency_key=key,
    )
