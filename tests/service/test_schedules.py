"""Every verb of schedules, in memory."""

import pytest

from blocks.errors import NotRegistered
from blocks.schedules import Schedule
from blocks.specs import Endpoint
from deployments.service import deployments, endpoints, schedules
from deployments.service.errors import ConflictError
from flows.errors import JobRefusedError

INPUT = "azureml://datastores/workspaceblobstore/paths/in"


def nightly(name="Nightly", expression="0 3 * * *", **job):
    return Schedule(
        name=name,
        trigger={"type": "cron", "expression": expression},
        create_job={"endpoint_name": "mnist", "input": INPUT, **job},
    )


@pytest.fixture
def scored(ready, launcher, declared):
    """An endpoint `mnist` with a default deployment."""
    deployments.create(ready, launcher, declared(), set_default=True)
    return ready


def test_a_schedule_sends_what_its_job_says_and_follows_the_default(scored, launcher):
    schedules.create(scored, launcher, nightly(settings={"mini_batch_size": 5}))
    timed, is_enabled = launcher.timed["mnist", "nightly"]
    assert is_enabled
    assert timed.parameters == {"input": INPUT, "settings": {"mini_batch_size": 5}}


def test_creating_again_changes_it_and_leaves_it_disabled(scored, launcher):
    schedules.create(scored, launcher, nightly())
    schedules.switch(scored, launcher, "nightly", is_enabled=False)
    schedules.create(scored, launcher, nightly("NIGHTLY", "0 4 * * *"))
    timed, is_enabled = launcher.timed["mnist", "nightly"]
    assert (timed.trigger.expression, is_enabled) == ("0 4 * * *", False)
    assert [each.name for each in schedules.list_all(scored)] == ["Nightly"]


def test_an_endpoint_may_have_several(scored, launcher):
    schedules.create(scored, launcher, nightly())
    schedules.create(scored, launcher, nightly("Weekly", "0 3 * * 1"))
    assert {name for _, name in launcher.timed} == {"nightly", "weekly"}


@pytest.mark.parametrize(
    ("job", "sentence"),
    [
        ({"endpoint_name": "letters"}, "no endpoint 'letters' is registered"),
        ({"deployment_name": "onnx"}, "endpoint 'mnist' has no deployment 'onnx'"),
    ],
)
def test_what_its_jobs_would_be_refused_for_is_refused_at_once(scored, launcher, job, sentence):
    with pytest.raises((NotRegistered, JobRefusedError), match=sentence):
        schedules.create(scored, launcher, nightly(**job))
    assert (schedules.list_all(scored), launcher.timed) == ([], {})


def test_a_schedule_stays_with_its_endpoint(scored, launcher, declared):
    schedules.create(scored, launcher, nightly())
    endpoints.create(scored, launcher, Endpoint(name="letters"))
    deployments.create(scored, launcher, declared(endpoint_name="letters"), set_default=True)
    with pytest.raises(ConflictError, match="batchpoint schedule delete --name Nightly"):
        schedules.create(scored, launcher, nightly(endpoint_name="letters"))


def test_deleting_an_endpoint_takes_its_schedules_along(scored, launcher):
    schedules.create(scored, launcher, nightly())
    endpoints.delete(scored, launcher, "mnist")
    assert schedules.list_all(scored) == []


def test_a_deleted_schedule_sends_nothing(scored, launcher):
    schedules.create(scored, launcher, nightly())
    schedules.delete(scored, launcher, "nightly")
    assert (schedules.list_all(scored), launcher.timed) == ([], {})
    with pytest.raises(NotRegistered, match="no schedule 'nightly' is registered"):
        schedules.delete(scored, launcher, "nightly")


def test_triggering_sends_the_same_job_now(scored, launcher):
    created = schedules.create(scored, launcher, nightly(deployment_name="torch", settings={"mini_batch_size": 5}))
    request = schedules.request_of(created)
    assert (request.endpoint, request.input, request.deployment) == ("mnist", INPUT, "torch")
    assert request.overrides.mini_batch_size == 5
