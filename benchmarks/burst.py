"""Jobs sent to a gateway all at once, and looks at jobs meanwhile."""

import asyncio
import math
import threading
import time
from collections import Counter
from collections.abc import Coroutine, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import uuid4

import httpx
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterIdempotencyKey,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import StateType
from pydantic import BaseModel, Field

from benchmarks.errors import BenchmarkError
from deployments.service.sending import prefect_deployment_of

ENDPOINT = "load"
INPUT = "azureml://datastores/load/paths/in"
READS_PER_SECOND = 20
SENT_TWICE = 5
"""Each fifth job is sent by two callers at once, with one key."""
PATIENCE = 60.0
"""Seconds that one request may take."""
GIVE_UP = 80.0
"""Seconds after which the jobs that were not taken yet are given up, so that a burst ends whatever happens."""


class Burst(BaseModel):
    """What became of jobs that were sent at once, and of looks at jobs meanwhile. Durations are seconds."""

    database: str
    jobs: int
    whole: float = Field(0, description="Until the last job was taken.")
    answers: dict[int, int] = Field(default_factory=dict, description="Of POSTs, by HTTP status.")
    given_up: int = Field(0, description="POSTs that were sent away for so long that their callers gave up.")
    began: int = Field(0, description="Jobs that began to run meanwhile.")
    lost: int = Field(0, description="Jobs that were answered 201, and of which Prefect has no flow run.")
    doubled: int = Field(0, description="Keys that were answered with several jobs.")
    sent: list[float] = Field(default_factory=list, description="POSTs that were answered 201.")
    read: list[float] = Field(default_factory=list, description="GETs of jobs and of lists of jobs.")
    unread: int = Field(0, description="GETs that were answered with anything but 200.")


def percentile(figures: list[float], percent: float) -> float:
    """The figure that so many percent of all do not exceed."""
    ranked = sorted(figures)
    return ranked[max(0, math.ceil(len(ranked) * percent / 100) - 1)]


@dataclass
class Caller:
    """Sends jobs to a gateway, or looks at them, with one token."""

    client: httpx.AsyncClient
    burst: Burst
    jobs: dict[str, set[str]] = field(default_factory=dict)
    answers: Counter[int] = field(default_factory=Counter)
    taken_at: float = 0.0

    async def send(self, key: str) -> None:
        """Send a job until it is taken, as often as the gateway says."""
        while True:
            began = time.perf_counter()
            answer = await self.client.post("jobs", json={"input": INPUT}, headers={"Idempotency-Key": key})
            self.answers[answer.status_code] += 1
            if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
                await asyncio.sleep(float(answer.headers["Retry-After"]))
                continue
            if answer.status_code != httpx.codes.CREATED:
                raise BenchmarkError(f"a POST was answered {answer.status_code}: {answer.text}")
            self.taken_at = time.perf_counter()
            self.burst.sent.append(self.taken_at - began)
            self.jobs.setdefault(key, set()).add(answer.json()["name"])
            return

    async def look(self, path: str) -> None:
        """Look at a job, or at a list of them."""
        began = time.perf_counter()
        try:
            answer = await self.client.get(path)
            self.burst.unread += answer.status_code != httpx.codes.OK
        except httpx.TimeoutException:
            self.burst.unread += 1
        finally:
            self.burst.read.append(time.perf_counter() - began)

    async def look_steadily(self, first: str, end: threading.Event) -> None:
        """Look so many times a second, whether or not the looks before were answered; each fifth at a list."""
        async with asyncio.TaskGroup() as looks:
            number = 0
            while not end.is_set():
                looks.create_task(self.look("jobs?top=20" if number % 5 == 0 else f"jobs/{first}"))
                number += 1
                await asyncio.sleep(1 / READS_PER_SECOND)


def _client(url: str, token: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=f"{url}/endpoints/{ENDPOINT}/",
        headers={"Authorization": f"Bearer {token}"},
        timeout=PATIENCE,
        limits=httpx.Limits(max_connections=None),
    )


async def storm(url: str, token: str, keys: list[str], burst: Burst) -> dict[str, set[str]]:
    """Send a job for each key, all at once, and look at jobs meanwhile; the names of the jobs by key."""
    async with _client(url, token) as client:
        caller = Caller(client, burst)
        await caller.send(f"first-{keys[0]}")
        (first,) = caller.jobs.popitem()[1]
        with _looking(url, token, first, burst):
            began = time.perf_counter()
            burst.given_up = await _all_sent([caller.send(key) for key in (*keys, *keys[::SENT_TWICE])])
            burst.whole = max(0.0, caller.taken_at - began)
        burst.answers = dict(caller.answers)
        return caller.jobs


@contextmanager
def _looking(url: str, token: str, first: str, burst: Burst) -> Iterator[None]:
    """Look at jobs from a thread of its own: who sends hundreds of requests at once would be late to look."""
    end = threading.Event()

    async def look() -> None:
        async with _client(url, token) as client:
            await Caller(client, burst).look_steadily(first, end)

    thread = threading.Thread(target=asyncio.run, args=(look(),))
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()


async def _all_sent(sending: Iterable[Coroutine[None, None, None]]) -> int:
    """Wait until all are sent, or not for longer than callers do; how many gave up. Raises: BenchmarkError."""
    done, late = await asyncio.wait([asyncio.create_task(each) for each in sending], timeout=GIVE_UP)
    for each in late:
        each.cancel()
    for each in done:
        each.result()
    return len(late)


def measure(url: str, token: str, jobs: int, database: str) -> Burst:
    """One burst, counted in Prefect afterwards; this process talks to the server that the gateway talks to."""
    burst = Burst(database=database, jobs=jobs)
    keys = [uuid4().hex for _ in range(jobs)]
    names = asyncio.run(storm(url, token, keys, burst))
    with get_client(sync_client=True) as client:
        prefect_deployment = prefect_deployment_of(client, ENDPOINT)
        wanted = FlowRunFilterIdempotencyKey(any_=[f"{prefect_deployment.id}:{key}" for key in names])
        runs = FlowRunFilter(idempotency_key=wanted)
        waiting = FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED]))
        found = client.count_flow_runs(flow_run_filter=runs)
        burst.lost = len(names) - found
        burst.began = found - client.count_flow_runs(flow_run_filter=runs.model_copy(update={"state": waiting}))
    burst.doubled = sum(len(each) > 1 for each in names.values())
    return burst
