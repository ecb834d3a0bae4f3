"""The worker asks for flow runs while it has a place for one, and else only as often as its queue needs a sign."""

from abc import ABC

import anyio
import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.responses import WorkerFlowRunResponse

from deployments.embedded import Connection, frugal_worker
from deployments.embedded.frugal_worker import FrugalWorker

pytestmark = pytest.mark.server
POOL = "frugal"
PLACES = 2


class Watched(FrugalWorker, ABC):
    """Tells how many flow runs it got each time that it asked."""

    def __init__(self) -> None:
        super().__init__(work_pool_name=POOL, limit=PLACES)
        self.got: list[int] = []

    async def _get_scheduled_flow_runs(self) -> list[WorkerFlowRunResponse]:
        found = await super()._get_scheduled_flow_runs()
        self.got.append(len(found))
        return found

    def fill(self) -> None:
        for taker in range(PLACES):
            self.limiter.acquire_on_behalf_of_nowait(taker)


@pytest.fixture
def client(server: Connection) -> SyncPrefectClient:
    client = get_client(sync_client=True)
    client.create_work_pool(WorkPoolCreate(name=POOL, type="process"), overwrite=True)
    return client


async def polls(*, signs_every: float, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What a worker gets that looks twice with nothing to do, and twice with no place left."""
    monkeypatch.setattr(frugal_worker, "SIGN_SECONDS", signs_every)
    async with Watched() as worker:
        await worker.poll()
        await worker.poll()
        worker.fill()
        await worker.poll()
        await worker.poll()
        return worker.got


def test_a_full_worker_asks_for_flow_runs_only_to_give_a_sign(
    client: SyncPrefectClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert len(anyio.run(lambda: polls(signs_every=60.0, monkeypatch=monkeypatch))) == 2
    assert len(anyio.run(lambda: polls(signs_every=0.0, monkeypatch=monkeypatch))) == 4


def test_a_worker_is_sent_no_more_flow_runs_than_twice_its_places(
    client: SyncPrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow = client.create_flow_from_name("never-run")
    deployment = client.create_deployment(flow_id=flow, name="never-run", work_pool_name=POOL)
    runs = [client.create_flow_run_from_deployment(deployment) for _ in range(3 * PLACES)]
    monkeypatch.setattr(frugal_worker, "SIGN_SECONDS", 0.0)

    async def look() -> list[int]:
        async with Watched() as worker:
            worker.fill()
            await worker.poll()
            return worker.got

    assert anyio.run(look) == [2 * PLACES]
    for run in runs:
        client.delete_flow_run(run.id)
