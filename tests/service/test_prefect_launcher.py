"""Endpoints and computes in a real Prefect server."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.schedules import IntervalSchedule
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.states import Cancelled

from blocks.specs import Compute, Endpoint
from deployments.service.prefect_launcher import PrefectLauncher
from deployments.service.registration import FLOW, prefect_deployment

pytestmark = pytest.mark.server


@pytest.fixture
def client(server):
    with get_client(sync_client=True) as client:
        yield client


@pytest.fixture
def endpoint(client):
    """An endpoint of this test's own: the server is shared."""
    name = f"launched-{uuid4().hex[:8]}"
    yield Endpoint(name=name, description="Reads digits.")
    PrefectLauncher().unregister(name)


def test_an_endpoint_is_a_prefect_deployment_of_its_name(client, endpoint, declared):
    wanted = prefect_deployment(endpoint, [declared("torch")])
    PrefectLauncher().register(wanted)
    found = client.read_deployment_by_name(f"{FLOW}/{endpoint.name}")
    assert (found.description, found.entrypoint, found.work_pool_name) == (
        wanted.description,
        "flows.score.score_job",
        "batchpoint",
    )
    assert found.enforce_parameter_schema
    assert found.parameter_openapi_schema == wanted.parameter_schema
    assert found.job_variables == wanted.job_variables


def test_what_users_set_in_prefect_survives_a_change_of_the_endpoint(client, endpoint, declared):
    launcher = PrefectLauncher()
    launcher.register(prefect_deployment(endpoint, []))
    found = client.read_deployment_by_name(f"{FLOW}/{endpoint.name}")
    later = IntervalSchedule(interval=timedelta(days=30))
    client.create_deployment_schedules(found.id, [(later, False)])
    launcher.register(prefect_deployment(endpoint, [declared("torch")]))
    changed = client.read_deployment_by_name(f"{FLOW}/{endpoint.name}")
    assert changed.id == found.id
    assert len(changed.schedules) == 1
    assert changed.parameter_openapi_schema["properties"]["deployment"]["enum"] == ["torch"]


def test_a_flow_run_that_cannot_work_is_not_created(client, endpoint, declared):
    PrefectLauncher().register(prefect_deployment(endpoint, [declared("torch")]))
    found = client.read_deployment_by_name(f"{FLOW}/{endpoint.name}")
    for wrong in ({}, {"input": "/data", "deployment": "keras"}, {"input": "/data", "colour": "red"}):
        with pytest.raises(PrefectHTTPStatusError, match="409"):
            client.create_flow_run_from_deployment(found.id, parameters=wrong)


def test_the_last_job_of_an_endpoint_and_of_each_deployment_is_known_and_jobs_outlive_the_endpoint(
    client, endpoint, declared
):
    launcher = PrefectLauncher()
    assert launcher.launched(endpoint.name) is None
    launcher.register(prefect_deployment(endpoint, [declared("torch"), declared("keras")]))
    assert launcher.launched(endpoint.name).last_job is None
    found = client.read_deployment_by_name(f"{FLOW}/{endpoint.name}")
    sent = {}
    for name in ("torch", "keras"):
        parameters = {"input": "/data", "deployment": name}
        run = client.create_flow_run_from_deployment(found.id, parameters=parameters, state=Cancelled())
        sent[name] = str(run.id)
    assert launcher.launched(endpoint.name).last_job == sent["keras"]
    assert {name: launcher.launched(endpoint.name, name).last_job for name in sent} == sent
    assert launcher.launched(endpoint.name).scoring_uri == f"{client.api_url}deployments/{found.id}/create_flow_run"
    launcher.unregister(endpoint.name)
    assert {client.read_flow_run(UUID(job)).parameters["deployment"] for job in sent.values()} == {"torch", "keras"}


def test_an_endpoint_that_is_gone_is_gone_from_prefect_and_can_go_twice(client, endpoint):
    launcher = PrefectLauncher()
    launcher.register(prefect_deployment(endpoint, []))
    launcher.unregister(endpoint.name)
    launcher.unregister(endpoint.name)
    with pytest.raises(ObjectNotFound):
        client.read_deployment_by_name(f"{FLOW}/{endpoint.name}")


def test_a_compute_is_bounded_by_a_limit_that_follows_it(client):
    launcher, name = PrefectLauncher(), f"bounded-{uuid4().hex[:8]}"
    for most in (2, 5):
        launcher.limit(Compute(name=name, max_instances=most))
        assert client.read_global_concurrency_limit_by_name(f"compute-{name}").limit == most
    launcher.unlimit(name)
    launcher.unlimit(name)
    with pytest.raises(ObjectNotFound):
        client.read_global_concurrency_limit_by_name(f"compute-{name}")
