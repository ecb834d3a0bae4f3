"""Endpoints point at their default deployment, and Prefect knows each of them."""

import pytest

from blocks.errors import NotRegistered
from blocks.specs import Compute, Defaults, Deployment, Endpoint
from deployments.service import computes, datastores, deployments, endpoints
from deployments.service.errors import ConflictError, UnusableError


def pointing(name, to, **rest):
    return Endpoint(name=name, defaults=Defaults(deployment_name=to), **rest)


def test_a_new_endpoint_has_its_prefect_deployment_at_once(store, launcher):
    endpoints.create(store, launcher, Endpoint(name="mnist", description="Reads digits."))
    assert launcher.registered["mnist"].description.startswith("Reads digits. No default deployment.\n")


def test_creating_again_changes_the_endpoint_but_keeps_its_default(ready, launcher, declared):
    deployments.create(ready, launcher, declared(), set_default=True)
    changed = endpoints.create(ready, launcher, Endpoint(name="MNIST", description="New."))
    assert (changed.name, changed.description, changed.defaults.deployment_name) == ("mnist", "New.", "torch")
    assert launcher.registered["mnist"].description.startswith("New. Default deployment torch.\n")


def test_a_default_that_is_no_deployment_is_refused_and_changes_nothing(ready, launcher, declared):
    deployments.create(ready, launcher, declared("torch"), set_default=True)
    deployments.create(ready, launcher, declared("keras"))
    with pytest.raises(NotRegistered, match="endpoint 'mnist' has no deployment 'onnx'; it has 'torch' and 'keras'"):
        endpoints.update(ready, launcher, pointing("mnist", "onnx"))
    assert ready.get(Endpoint, "mnist").defaults.deployment_name == "torch"


def test_a_new_endpoint_cannot_point_at_what_is_not_there(store, launcher):
    with pytest.raises(NotRegistered, match="endpoint 'mnist' has no deployment 'torch'; it has none"):
        endpoints.create(store, launcher, pointing("mnist", "torch"))
    assert (store.list(Endpoint), launcher.registered) == ([], {})


def test_a_default_is_spelled_as_its_deployment_is(ready, launcher, declared):
    deployments.create(ready, launcher, declared("Torch"))
    assert endpoints.update(ready, launcher, pointing("mnist", "tORCH")).defaults.deployment_name == "Torch"


def test_an_endpoint_that_is_not_there_cannot_be_updated(store, launcher):
    with pytest.raises(NotRegistered, match="no endpoint 'mnist' is registered"):
        endpoints.update(store, launcher, Endpoint(name="mnist"))


def test_deleting_an_endpoint_deletes_its_deployments_and_no_others(ready, launcher, declared):
    endpoints.create(ready, launcher, Endpoint(name="letters"))
    deployments.create(ready, launcher, declared("torch"))
    deployments.create(ready, launcher, declared("torch", endpoint_name="letters"))
    endpoints.delete(ready, launcher, "mnist")
    assert [each.key for each in ready.list(Deployment)] == [("letters", "torch")]
    assert [each.name for each in endpoints.list_all(ready)] == ["letters"]
    assert list(launcher.registered) == ["letters"]


def test_a_prefect_that_fails_leaves_no_endpoint(store, launcher, monkeypatch):
    def fail(wanted):
        raise ConnectionError("no server")

    monkeypatch.setattr(launcher, "register", fail)
    with pytest.raises(ConnectionError):
        endpoints.create(store, launcher, Endpoint(name="mnist"))
    assert store.list(Endpoint) == []


def test_a_compute_bounds_its_jobs_and_stops_when_deleted(store, launcher):
    computes.create(store, launcher, Compute(name="batch-cluster", max_instances=2))
    computes.create(store, launcher, Compute(name="Batch-Cluster", max_instances=5))
    assert launcher.limits == {"compute-batch-cluster": 5}
    assert [each.name for each in computes.list_all(store)] == ["batch-cluster"]
    computes.delete(store, launcher, "BATCH-cluster")
    assert (launcher.limits, computes.list_all(store)) == ({}, [])


def test_a_compute_that_a_deployment_runs_on_is_not_deleted(ready, launcher, declared):
    deployments.create(ready, launcher, declared())
    with pytest.raises(ConflictError, match="compute 'batch-cluster' is used by mnist/torch"):
        computes.delete(ready, launcher, "batch-cluster")
    assert launcher.limits == {"compute-batch-cluster": 2}


def test_the_default_datastore_is_there_without_being_made(store, kept):
    (datastore,) = datastores.list_all(store)
    assert (datastore.name, datastore.root) == ("workspaceblobstore", str(kept))
    assert kept.is_dir()


def test_a_datastore_of_ones_own_may_hold_models_and_jobs(store, tmp_path, kept):
    from blocks.specs import Datastore

    datastores.create(store, Datastore(name="WorkspaceBlobStore", root=f"file://{tmp_path}/mine"))
    assert datastores.ensure_default_datastore(store).root == str(tmp_path / "mine")
    assert not kept.exists()


def test_the_datastore_of_an_endpoint_is_one_that_is_there_and_stays(store, launcher, tmp_path):
    from blocks.specs import Datastore

    with pytest.raises(NotRegistered, match="no datastore 'shelf' is registered"):
        endpoints.create(store, launcher, Endpoint(name="mnist", datastore="shelf"))
    assert store.list(Endpoint) == []
    datastores.create(store, Datastore(name="shelf", root=str(tmp_path / "shelf")))
    endpoints.create(store, launcher, Endpoint(name="mnist", datastore="Shelf"))
    with pytest.raises(ConflictError, match="'shelf' holds the jobs of endpoint 'mnist'; give that another one first"):
        datastores.delete(store, "shelf")
    endpoints.create(store, launcher, Endpoint(name="mnist"))
    datastores.delete(store, "shelf")


def test_a_datastore_elsewhere_or_in_a_file_is_refused(store, tmp_path):
    from blocks.specs import Datastore

    with pytest.raises(UnusableError, match="has root s3://bucket; a local datastore's root is a folder"):
        datastores.create(store, Datastore(name="bucket", root="s3://bucket"))
    (tmp_path / "file").write_text("")
    with pytest.raises(UnusableError, match="file cannot be made: File exists"):
        datastores.create(store, Datastore(name="file", root=str(tmp_path / "file")))
    assert store.list(Datastore) == []
