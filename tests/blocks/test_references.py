"""References are read as Azure writes them."""

import pytest

from blocks.errors import NotRegistered, UnclearReference
from blocks.references import AssetReference, find_compute, find_environment, find_model, parse_asset, parse_resource
from blocks.specs import Compute, Model
from blocks.store import MemoryStore


@pytest.mark.parametrize(
    ("text", "name", "version"),
    [
        ("azureml:digits:3", "digits", "3"),
        ("digits:3", "digits", "3"),
        ("azureml:digits@latest", "digits", None),
        ("digits@latest", "digits", None),
        ("azureml:/digits@latest", "digits", None),
        ("/subscriptions/s/resourceGroups/g/providers/p/workspaces/w/models/digits/versions/3", "digits", "3"),
        ("azureml:/subscriptions/s/resourceGroups/g/providers/p/workspaces/w/models/digits/versions/3", "digits", "3"),
        ("azureml://subscriptions/s/resourcegroups/g/workspaces/w/models/digits/versions/3", "digits", "3"),
        ("azureml://locations/westeurope/workspaces/id/models/digits/labels/latest", "digits", None),
    ],
)
def test_a_versioned_reference_is_read(text, name, version):
    assert parse_asset(text) == AssetReference(name, version)


@pytest.mark.parametrize(
    "text",
    ["digits", "azureml:digits", "azureml:", "azureml:digits@newest", "a:b:c", "/models/digits/1"],
)
def test_a_reference_without_a_version_is_refused_with_both_forms(text):
    with pytest.raises(UnclearReference, match="write azureml:NAME:VERSION, or azureml:NAME@latest"):
        parse_asset(text)


def test_a_compute_is_named_with_or_without_the_prefix():
    assert parse_resource("azureml:batch-cluster") == parse_resource("batch-cluster") == "batch-cluster"
    assert parse_resource("/subscriptions/s/resourceGroups/g/workspaces/w/computes/gpu") == "gpu"


def test_an_id_of_another_kind_of_thing_is_refused():
    with pytest.raises(UnclearReference, match="is one of models, and a compute is wanted"):
        parse_resource("/subscriptions/s/resourceGroups/g/workspaces/w/models/m/versions/1")
    with pytest.raises(UnclearReference, match="is one of data, and a model is wanted"):
        parse_asset("/subscriptions/s/resourceGroups/g/workspaces/w/data/m/versions/1")


def test_what_is_in_a_registry_is_refused_with_what_to_do_instead():
    with pytest.raises(UnclearReference, match="download it, and register it: batchpoint model create"):
        parse_asset("azureml://registries/azureml/models/bert/versions/1")
    with pytest.raises(UnclearReference, match="write image and conda_file under environment:"):
        find_environment(MemoryStore(), "azureml://registries/azureml/environments/sklearn-1.5/labels/latest")


@pytest.mark.parametrize("text", ["azureml:AzureML-sklearn-1.0-ubuntu20.04-py38-cpu:1", "AzureML-pytorch@latest"])
def test_a_curated_environment_is_refused_with_what_to_do_instead(text):
    with pytest.raises(UnclearReference, match="is curated by Azure, which is not supported; write image and conda"):
        find_environment(MemoryStore(), text)


@pytest.mark.parametrize("text", ["", "azureml:", "azureml:a:1", "computes/c"])
def test_a_compute_reference_of_another_form_is_refused(text):
    with pytest.raises(UnclearReference, match="write azureml:NAME or NAME"):
        parse_resource(text)


def test_latest_is_the_version_registered_last_not_the_highest():
    store = MemoryStore()
    for version in ("2", "10", "1"):
        store.put(Model(name="digits", version=version, path="/m"))
    assert find_model(store, "azureml:DIGITS@latest").version == "1"


def test_an_archived_version_is_never_the_latest_but_still_there_by_its_number():
    store = MemoryStore()
    store.put(Model(name="digits", version="1", path="/m"))
    store.put(Model(name="digits", version="2", path="/m", archived=True))
    assert find_model(store, "azureml:digits@latest").version == "1"
    assert find_model(store, "azureml:digits:2").version == "2"
    store.put(Model(name="digits", version="1", path="/m", archived=True))
    with pytest.raises(UnclearReference, match="every version of model 'digits' is archived"):
        find_model(store, "azureml:digits@latest")


def test_what_is_there_is_named_when_a_reference_leads_nowhere():
    store = MemoryStore()
    store.put(Model(name="digits", version="1", path="/m"))
    store.put(Model(name="digits", version="2", path="/m"))
    store.put(Compute(name="batch-cluster"))
    with pytest.raises(NotRegistered, match="model 'digits' has no version '9'; it has '1' and '2'"):
        find_model(store, "azureml:digits:9")
    with pytest.raises(NotRegistered, match="no model 'letters' is registered; there is 'digits'"):
        find_model(store, "azureml:letters@latest")
    with pytest.raises(NotRegistered, match="no compute 'gpu' is registered; there is 'batch-cluster'"):
        find_compute(store, "azureml:gpu")


def test_nothing_registered_at_all_is_said_with_the_command_that_helps():
    with pytest.raises(
        NotRegistered, match="no compute 'gpu' is registered; there is none; to register it: batchpoint"
    ):
        find_compute(MemoryStore(), "gpu")
