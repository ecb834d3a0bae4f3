"""What any Store promises, held against the one in memory and the one in Prefect."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from prefect.client.schemas.actions import BlockDocumentUpdate

from blocks.errors import AlreadyRegistered, NotRegistered, UnreadableBlock
from blocks.prefect_store import PrefectStore
from blocks.schedules import Schedule
from blocks.specs import Data, Deployment, Endpoint, Environment, Model
from blocks.store import MemoryStore
from blocks.types import EndpointBlock


@pytest.fixture(params=["memory", pytest.param("prefect", marks=pytest.mark.server)])
def store(request):
    if request.param == "memory":
        return MemoryStore()
    request.getfixturevalue("server")
    return PrefectStore()


@pytest.fixture
def name(store):
    """A name of this test's own: the server is shared. What was registered under it goes when the test ends."""
    mine = f"Mine-{uuid4().hex[:8]}"
    yield mine
    for kind in (Endpoint, Deployment, Model):
        for spec in store.list(kind):
            if spec.key[0].lower() == mine.lower():
                store.delete(kind, *spec.key)


def deployment(endpoint, name):
    return Deployment.model_validate(
        {
            "name": name,
            "endpoint_name": endpoint,
            "model": "azureml:digits:1",
            "code_configuration": {"code": "/code", "scoring_script": "driver.py"},
            "compute": "batch-cluster",
            "settings": {"output_action": "summary_only"},
        }
    )


def under(store, kind, name):
    return [spec for spec in store.list(kind) if spec.key[0].lower() == name.lower()]


def test_what_was_put_is_got_back_whole(store, name):
    spec = deployment(name, "torch")
    store.put(spec)
    assert store.get(Deployment, name, "torch") == spec


def test_names_keep_their_spelling_and_compare_without_case(store, name):
    store.put(Endpoint(name=name))
    assert store.get(Endpoint, name.upper()).name == name


def test_putting_again_replaces_and_leaves_nothing_of_the_old(store, name):
    store.put(Endpoint(name=name, description="old", tags={"a": "1", "b": "2"}))
    store.put(Endpoint(name=name.upper(), tags={"b": "3"}))
    assert under(store, Endpoint, name) == [Endpoint(name=name.upper(), tags={"b": "3"})]


def test_a_list_begins_with_what_was_registered_first(store, name):
    for version in ("3", "1", "2"):
        store.put(Model(name=name, version=version, path="/m"))
    store.put(Model(name=name, version="3", path="/m", description="changed"))
    assert [model.version for model in under(store, Model, name)] == ["3", "1", "2"]


def test_what_is_deleted_is_gone_and_the_rest_stays(store, name):
    store.put(deployment(name, "torch"))
    store.put(deployment(name, "keras"))
    store.delete(Deployment, name, "torch")
    assert [each.name for each in under(store, Deployment, name)] == ["keras"]


def test_a_name_that_is_not_there_is_answered_with_those_that_are(store, name):
    store.put(deployment(name, "torch-v1"))
    store.put(deployment(name, "keras"))
    for ask in (store.get, store.delete):
        with pytest.raises(NotRegistered) as caught:
            ask(Deployment, name, "torch-v2")
        assert f"endpoint {name!r} has no deployment 'torch-v2'; it has 'torch-v1' and 'keras'" in str(caught.value)
        assert f"batchpoint batch-deployment create --name torch-v2 --endpoint-name {name}" in str(caught.value)


def test_a_name_that_is_taken_is_not_taken_again(store, name):
    store.add(Endpoint(name=name, description="first"))
    with pytest.raises(AlreadyRegistered, match=f"endpoint {name.upper()!r} was registered by someone else"):
        store.add(Endpoint(name=name.upper(), description="second"))
    assert store.get(Endpoint, name).description == "first"


def test_of_several_who_take_a_name_at_once_one_has_it(store, name):
    def add(description):
        try:
            store.add(Endpoint(name=name, description=description))
        except AlreadyRegistered:
            return None
        return description

    with ThreadPoolExecutor(4) as pool:
        (winner,) = [each for each in pool.map(add, "abcd") if each]
    assert store.get(Endpoint, name).description == winner


def test_a_thing_is_dated_by_its_registration_and_its_last_change(store, name):
    before = datetime.now(UTC) - timedelta(seconds=1)
    store.put(Endpoint(name=name))
    created = store.dates(Endpoint, name)
    store.put(Endpoint(name=name, description="changed"))
    changed = store.dates(Endpoint, name)
    assert before <= created.created_at == changed.created_at < changed.last_modified_at
    with pytest.raises(NotRegistered):
        store.dates(Endpoint, f"{name}-not")


def test_every_kind_is_got_back_whole(store, name):
    conda = {"dependencies": ["python=3.11", {"pip": ["torch"]}]}
    trigger = {"type": "recurrence", "frequency": "week", "schedule": {"hours": 6, "week_days": ["monday"]}}
    job = {"endpoint_name": "mnist", "input": "/data", "settings": {"retry_settings": {"timeout": "PT1M"}}}
    specs = (
        Environment.model_validate({"name": name, "version": "1", "conda_file": conda}),
        Data(name=name, version="1", path="s3://bucket/a"),
        Schedule.model_validate({"name": name, "trigger": trigger, "create_job": job}),
    )
    for spec in specs:
        store.put(spec)
        assert store.get(type(spec), *spec.key) == spec
        store.delete(type(spec), *spec.key)


def test_a_kind_of_which_nothing_is_registered_is_an_empty_list():
    assert MemoryStore().list(Environment) == []


@pytest.mark.server
def test_a_block_spoilt_by_hand_is_refused_with_its_name_and_what_is_wrong(server):
    store = PrefectStore()
    store.put(Endpoint(name="by-hand"))
    document = store._client.read_block_document_by_name("by-hand", "batch-endpoint")
    spoilt = {"spec": {"name": "by-hand", "colour": "red"}}
    store._client.update_block_document(document.id, BlockDocumentUpdate(data=spoilt, merge_existing_data=False))
    try:
        with pytest.raises(UnreadableBlock, match="block batch-endpoint/by-hand cannot be used: colour is not a known"):
            store.get(Endpoint, "by-hand")
    finally:
        store.delete(Endpoint, "by-hand")


@pytest.mark.server
def test_two_who_register_one_name_at_once_leave_one_whole_block(server):
    descriptions = [str(i) for i in range(3)]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda d: PrefectStore().put(Endpoint(name="raced", description=d)), descriptions))
    assert PrefectStore().get(Endpoint, "raced").description in descriptions
    PrefectStore().delete(Endpoint, "raced")


@pytest.mark.server
def test_a_stored_thing_loads_as_a_prefect_block_too(server):
    PrefectStore().put(Endpoint(name="as-block", description="seen in the UI"))
    assert EndpointBlock.load("as-block").spec.description == "seen in the UI"
    PrefectStore().delete(Endpoint, "as-block")
