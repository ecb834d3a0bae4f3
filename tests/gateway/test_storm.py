"""Many jobs sent at once while jobs run: each is taken once or sent away for a while, and looks are answered."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateType
from prefect.client.schemas.objects import StateType

from benchmarks.burst import ENDPOINT, Burst, measure, percentile
from benchmarks.databases import gateway, on_postgresql
from benchmarks.load import prepare
from deployments.embedded import Connection
from deployments.service.sending import prefect_deployment_of
from tests.postgresql import why_no_postgresql

pytestmark = [pytest.mark.server, pytest.mark.slow, pytest.mark.alone]
JOBS = 30


@pytest.fixture
def on_sqlite(server: Connection) -> Iterator[SyncPrefectClient]:
    """The session's server; the jobs that have not begun are taken away again, as other tests' jobs would wait."""
    with get_client(sync_client=True) as client:
        yield client
        endpoint = prefect_deployment_of(client, ENDPOINT)
        waiting = FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED])))
        for run in client.read_flow_runs(flow_run_filter=waiting, limit=200):
            if run.deployment_id == endpoint.id:
                client.delete_flow_run(run.id)


def check(burst: Burst, p99: float) -> None:
    """Each job was taken once, those sent away came again when they were told to, and looks were answered in time."""
    assert set(burst.answers) <= {201, 429}
    assert (burst.given_up, burst.lost, burst.doubled, burst.unread) == (0, 0, 0, 0)
    assert len(burst.sent) > JOBS
    assert percentile(burst.read, 99) < p99, burst


def test_on_sqlite(on_sqlite: SyncPrefectClient, tmp_path: Path) -> None:
    token = prepare(tmp_path / "shelf")
    with gateway() as url:
        burst = measure(url, token, JOBS, "SQLite")
    check(burst, 10)
    assert burst.began > 0


@pytest.mark.skipif(bool(why_no_postgresql()), reason=why_no_postgresql())
def test_on_postgresql(tmp_path: Path) -> None:
    with on_postgresql(tmp_path, with_worker=False):
        token = prepare(tmp_path / "shelf")
        with gateway() as url:
            burst = measure(url, token, JOBS, "PostgreSQL")
    check(burst, 5)
