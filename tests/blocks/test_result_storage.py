"""The block of each datastore through which results are kept in it, on real stores."""

from uuid import uuid4

import pytest
from prefect.blocks.core import Block
from prefect.client.orchestration import get_client
from prefect.filesystems import LocalFileSystem
from prefect_aws import AwsCredentials

from blocks.credentials import keep_secrets, open_datastore
from blocks.file_system import DatastoreFileSystem
from blocks.prefect_store import PrefectStore
from blocks.result_storage import save_storage
from blocks.specs import AzureCredentials, Datastore
from scoring.storage import Folder
from tests.object_stores import ACCOUNT, ACCOUNT_KEY, ADMIN, WRONG, save_credentials

pytestmark = pytest.mark.server

KEY = "azureml/a-job/results/000000000-000000004"


@pytest.fixture
def store(server):
    """A store that forgets the datastores of the test."""
    store = PrefectStore()
    before = {each.name for each in store.list(Datastore)}
    yield store
    for each in store.list(Datastore):
        if each.name not in before:
            store.delete(Datastore, each.name)


@pytest.fixture
def put(store, request, tmp_path):
    """Registers a datastore of a kind, named as the kind; what was registered."""

    def folder():
        return {"root": str(tmp_path / "kept")}

    def bucket(root="s3://data/results"):
        s3 = request.getfixturevalue("s3")
        return {"type": "s3", "root": root, "credentials": save_credentials("results", ADMIN, s3)}

    def bucket_called_like_the_jobs():
        return bucket("s3://data/azureml")

    def bucket_at_an_address():
        s3 = request.getfixturevalue("s3")
        AwsCredentials(aws_access_key_id=ADMIN.key, aws_secret_access_key=ADMIN.secret, region_name="us-east-1").save(
            "nowhere", overwrite=True
        )
        address = {"credentials": "aws-credentials/nowhere", "endpoint_url": s3.url}
        return {"type": "s3", "root": "s3://data/addressed", **address}

    def container():
        azure = request.getfixturevalue("azure")
        account = {"account_name": ACCOUNT, "container_name": "data", "endpoint": azure.url}
        return {"type": "azure_blob", **account, "credentials": AzureCredentials(account_key=ACCOUNT_KEY)}

    def anything():
        return {"type": "fsspec", "root": f"memory:///{tmp_path.name}"}

    kinds = (folder, bucket, bucket_called_like_the_jobs, bucket_at_an_address, container, anything)
    makers = {make.__name__: make for make in kinds}

    def put(kind, **changes):
        name = f"block-{kind}".replace("_", "-")
        datastore = keep_secrets(Datastore.model_validate({"name": name, **makers[kind](), **changes}))
        store.put(datastore)
        return datastore

    return put


KINDS = {
    "folder": "local-file-system",
    "bucket": "s3-bucket",
    "bucket_called_like_the_jobs": "batch-datastore-files",
    "bucket_at_an_address": "batch-datastore-files",
    "container": "batch-datastore-files",
    "anything": "batch-datastore-files",
}


def document(name, slug):
    with get_client(sync_client=True) as client:
        return client.read_block_document_by_name(f"results-{name}", slug, include_secrets=True)


@pytest.mark.parametrize(
    "kind", [pytest.param(each, marks=pytest.mark.slow if each == "container" else ()) for each in KINDS]
)
def test_what_prefect_keeps_through_the_block_lies_in_the_datastore(put, kind):
    datastore = put(kind)
    block = Block.load(f"{KINDS[kind]}/results-{datastore.name}")
    kept = uuid4().bytes
    block.write_path(KEY, kept)
    assert block.read_path(KEY) == kept
    open_datastore(datastore)
    assert Folder(datastore.root).read(KEY) == kept


def test_a_result_that_is_not_there_is_an_error_and_not_an_empty_one(put):
    put("anything")
    with pytest.raises(FileNotFoundError):
        DatastoreFileSystem.load("results-block-anything").read_path("azureml/none")


@pytest.mark.slow
def test_the_key_of_an_account_is_in_its_secret_block_alone(put):
    put("container")
    assert ACCOUNT_KEY not in document("block-container", "batch-datastore-files").model_dump_json()


@pytest.mark.parametrize("kind", ["bucket", "bucket_at_an_address"])
def test_credentials_are_referred_to_and_what_becomes_of_them_counts(put, s3, kind):
    datastore = put(kind)
    told = document(datastore.name, KINDS[kind])
    assert [*told.block_document_references] == [{"bucket": "credentials"}.get(kind, "datastore")]
    name = str(datastore.credentials).partition("/")[2]
    kept = AwsCredentials.load(name)
    AwsCredentials(**{**dict(kept), "aws_secret_access_key": WRONG.secret}).save(name, overwrite=True)
    loaded = Block.load(f"{KINDS[kind]}/results-{datastore.name}")
    if kind == "bucket":
        assert loaded.credentials.aws_secret_access_key.get_secret_value() == WRONG.secret
    else:
        assert WRONG.secret not in document(datastore.name, KINDS[kind]).model_dump_json()


def test_a_block_that_is_as_it_should_be_is_left_alone_and_one_that_is_not_is_mended(put, s3):
    datastore = put("bucket")
    saved = document("block-bucket", "s3-bucket")
    save_storage(datastore)
    assert document("block-bucket", "s3-bucket").updated == saved.updated
    AwsCredentials.delete("results")
    save_credentials("results", ADMIN, s3)
    save_storage(datastore)
    Block.load("s3-bucket/results-block-bucket").write_path(KEY, b"again")
    assert s3.fs().cat_file(f"data/results/{KEY}") == b"again"


def test_the_block_changes_with_its_datastore_and_goes_with_it(put, store, tmp_path):
    put("anything", name="moved")
    put("folder", name="moved")
    first = LocalFileSystem.load("results-moved")
    put("folder", name="moved", root=str(tmp_path / "other"))
    second = LocalFileSystem.load("results-moved")
    assert (second.basepath, second._block_document_id) == (str(tmp_path / "other"), first._block_document_id)
    with pytest.raises(ValueError, match="results-moved"):
        DatastoreFileSystem.load("results-moved")
    store.delete(Datastore, "moved")
    with pytest.raises(ValueError, match="results-moved"):
        LocalFileSystem.load("results-moved")
