"""Data assets keep a copy of what is local, and only the address of what is elsewhere."""

import pytest

from blocks.errors import NotRegistered
from blocks.schedules import Schedule
from blocks.specs import Data, Datastore
from deployments.service import data, datastores
from deployments.service.errors import ConflictError, UnusableError
from flows.errors import JobRefusedError
from flows.paths import resolve_url


@pytest.fixture
def digits(tmp_path):
    folder = tmp_path / "digits"
    folder.mkdir()
    (folder / "0.png").write_bytes(b"zero")
    return folder


def asset(path, **changes):
    return Data.model_validate({"name": "digits", "path": str(path)} | changes)


def test_a_local_folder_is_copied_once_and_jobs_find_the_copy(store, digits, kept):
    first, again = data.create(store, asset(digits)), data.create(store, asset(digits, name="same"))
    assert first.path == again.path
    assert first.path.startswith("azureml://datastores/workspaceblobstore/paths/LocalUpload/")
    (digits / "0.png").write_bytes(b"changed")
    found = resolve_url(store, "azureml:digits@latest")
    assert found == resolve_url(store, "azureml:digits:1") == resolve_url(store, first.path)
    assert (kept / found / "0.png").read_bytes() == b"zero"


def test_changed_files_are_the_next_version_and_the_same_files_are_not(store, digits):
    said = []
    data.create(store, asset(digits))
    (digits / "1.png").write_bytes(b"one")
    assert data.create(store, asset(digits), said.append).version == "2"
    assert data.create(store, asset(digits), said.append).version == "2"
    assert said == ["data asset 'digits' has this content already, as version 2: nothing was added"]


def test_a_single_file_is_a_data_asset_of_its_own_type(store, digits):
    file = data.create(store, asset(digits / "0.png", type="uri_file"))
    assert resolve_url(store, str(file)).endswith("/0.png")


@pytest.mark.parametrize("path", ["s3://bucket/digits", "https://example.com/digits.csv", "file:///data/digits"])
def test_a_url_is_kept_as_it_is(store, path):
    assert data.create(store, asset(path)).path == path


def test_a_path_in_a_datastore_is_kept_where_the_datastore_is_known(store, tmp_path):
    path = "azureml://datastores/shared/paths/digits"
    with pytest.raises(NotRegistered, match="no datastore 'shared' is registered"):
        data.create(store, asset(path))
    datastores.create(store, Datastore(name="shared", root=str(tmp_path)))
    assert data.create(store, asset(path)).path == path
    assert resolve_url(store, "azureml:digits:1") == str(tmp_path / "digits")


@pytest.mark.parametrize(
    ("path", "kind", "said"),
    [
        ("digits", "uri_file", "digits is a folder, and type is uri_file; give --type uri_folder"),
        ("digits/0.png", "uri_folder", "0.png is a file, and type is uri_folder; give --type uri_file"),
        ("nowhere", "uri_folder", "nowhere does not exist; give the path of a file or folder"),
    ],
)
def test_a_path_of_another_type_is_refused_with_the_one_it_has(store, digits, path, kind, said):
    with pytest.raises(UnusableError, match=said):
        data.create(store, asset(digits.parent / path, type=kind))
    assert store.list(Data) == []


def test_a_jobs_output_is_no_place_for_a_data_asset(store):
    with pytest.raises(UnusableError, match="is no place for a data asset; give azureml://datastores"):
        data.create(store, asset("azureml://jobs/x/outputs/score"))


@pytest.mark.parametrize("text", ["azureml:digits", "azureml:digits@newest", "azureml:a:b:c"])
def test_an_input_that_names_no_version_is_refused_with_the_forms(store, text):
    with pytest.raises(JobRefusedError, match=r"is no path; write azureml://datastores/NAME/paths/PATH, a URL"):
        resolve_url(store, text)


def test_azures_long_ids_are_understood(store, digits, tmp_path):
    data.create(store, asset(digits))
    datastores.create(store, Datastore(name="shared", root=str(tmp_path)))
    workspace = "/subscriptions/s/resourceGroups/g/providers/p/workspaces/w"
    assert resolve_url(store, f"{workspace}/data/digits/versions/1") == resolve_url(store, "azureml:digits:1")
    assert resolve_url(store, f"azureml:/{workspace}/datastores/shared/paths/a/b") == str(tmp_path / "a" / "b")
    assert resolve_url(store, f"{workspace}/datastores/shared/paths/a/b") == str(tmp_path / "a" / "b")


def test_a_data_asset_that_a_schedule_sends_is_not_deleted(store, digits):
    def schedule(name, sent):
        trigger = {"type": "cron", "expression": "0 6 * * 1"}
        job = {"endpoint_name": "mnist", "input": sent}
        store.put(Schedule.model_validate({"name": name, "trigger": trigger, "create_job": job}))

    for image in ("1.png", "2.png"):
        (digits / image).write_bytes(b"")
        data.create(store, asset(digits))
    schedule("weekly", "azureml:Digits:1")
    schedule("nightly", "azureml:digits@latest")
    with pytest.raises(ConflictError, match="data asset 'digits' version '1' is used by schedule weekly; delete or"):
        data.delete(store, "digits", "1")
    store.delete(Schedule, "weekly")
    data.delete(store, "digits", "1")
    with pytest.raises(ConflictError, match="data asset 'digits' version '2' is used by schedule nightly"):
        data.delete(store, "digits", "2")


def test_a_datastore_is_deleted_when_nothing_lies_in_it(store, digits, tmp_path):
    datastores.create(store, Datastore(name="shared", root=str(tmp_path)))
    data.create(store, asset("azureml://datastores/SHARED/paths/digits"))
    with pytest.raises(ConflictError, match="datastore 'shared' holds the data assets digits:1; delete those first"):
        datastores.delete(store, "shared")
    data.delete(store, "digits")
    datastores.delete(store, "shared")
    assert digits.exists()
    with pytest.raises(NotRegistered):
        datastores.delete(store, "shared")


def test_the_default_datastore_is_never_deleted(store):
    datastores.ensure_default_datastore(store)
    with pytest.raises(ConflictError, match="holds models, code and jobs, and cannot be deleted"):
        datastores.delete(store, "WorkspaceBlobStore")
