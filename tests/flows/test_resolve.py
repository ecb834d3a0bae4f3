"""What a job's parameters are refused for, without a server."""

import re
from uuid import uuid4

import pytest
from prefect.client.schemas.objects import FlowRun

from blocks.errors import NotRegistered
from blocks.overrides import Overrides
from blocks.specs import Datastore, Endpoint
from blocks.store import MemoryStore
from flows.bases import _manifest_of
from flows.datastores import DATASTORE
from flows.errors import JobRefusedError
from flows.paths import choose_datastore, resolve_url
from flows.resolve import check_shared_output, read_overrides
from scoring.settings import Settings


def test_settings_left_out_change_nothing() -> None:
    assert read_overrides(None) is None
    assert read_overrides({}) is None


def test_settings_that_break_a_limit_are_refused_in_one_sentence() -> None:
    with pytest.raises(JobRefusedError, match="mini_batch_size"):
        read_overrides({"mini_batch_size": 0})


def test_a_setting_that_is_none_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(JobRefusedError, match="did you mean mini_batch_size"):
        read_overrides({"mini_batch_sise": 5})


def test_a_folder_for_all_mini_batches_is_refused_where_jobs_lie_in_a_store() -> None:
    check_shared_output(Settings(shared_output=True), "/jobs/1")
    check_shared_output(Settings(), "s3://data/jobs/1")
    with pytest.raises(JobRefusedError, match="and jobs lie in s3://data/jobs/1; leave it out"):
        check_shared_output(Settings(shared_output=True), "s3://data/jobs/1")


def test_a_job_is_kept_where_it_says_else_where_its_endpoint_says_else_in_the_default_datastore() -> None:
    store = MemoryStore()
    for name in ("Shelf", "Attic"):
        store.put(Datastore(name=name, root=f"/{name}"))
    plain, elsewhere = Endpoint(name="mnist"), Endpoint(name="mnist", datastore="shelf")
    assert choose_datastore(store, plain, None) == "workspaceblobstore"
    assert choose_datastore(store, elsewhere, Overrides()) == "Shelf"
    assert choose_datastore(store, elsewhere, Overrides(datastore="attic")) == "Attic"
    assert choose_datastore(store, elsewhere, Overrides(datastore="WorkspaceBlobStore")) == "workspaceblobstore"
    with pytest.raises(NotRegistered, match="no datastore 'cellar' is registered"):
        choose_datastore(store, plain, Overrides(datastore="cellar"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "azureml://datastores/shelf/paths/in/../../etc",
            "etc leaves its datastore; a path inside a datastore",
        ),
        ("azureml://datastores/cellar/paths/in", "no datastore 'cellar' is registered"),
        ("azureml:digits", "azureml:digits is no path; write azureml://datastores/NAME/paths/PATH, a URL"),
        ("azureml:digits:1", "no data asset 'digits' is registered"),
        ("in", "'in' is a relative path, and the job runs in another folder; give an absolute path"),
    ],
)
def test_a_path_that_means_nothing_is_refused_in_one_sentence(text: str, said: str) -> None:
    store = MemoryStore()
    store.put(Datastore(name="shelf", root="/shelf"))
    with pytest.raises((JobRefusedError, NotRegistered), match=re.escape(said)):
        resolve_url(store, text)


def test_an_earlier_job_whose_datastore_was_deleted_is_passed_over() -> None:
    gone = FlowRun(flow_id=uuid4(), labels={DATASTORE: "gone"})
    assert _manifest_of(MemoryStore(), gone) is None
