"""The Prefect block of each datastore through which task results are kept in it; none has a copy of a secret.

Prefect's Retry finds results again by the id of a saved block. A folder has Prefect's LocalFileSystem, and a bucket
prefect-aws' S3Bucket, which refers to the block with the credentials. Prefect's RemoteFileSystem would need the secrets
of all other stores in its settings, which Prefect's API shows to whoever asks: those have our DatastoreFileSystem.
"""

from contextlib import suppress
from typing import Any

from prefect.blocks.core import Block
from prefect.client.orchestration import get_client
from prefect.exceptions import ObjectNotFound
from prefect.filesystems import LocalFileSystem, WritableFileSystem

from blocks.credentials import load_block
from blocks.file_system import DatastoreFileSystem
from blocks.names import JOBS, block_name
from blocks.specs import Datastore
from blocks.types import DatastoreBlock
from scoring.storage import as_url

SLUGS = {"local-file-system", "s3-bucket", DatastoreFileSystem.get_block_type_slug()}


def save_storage(datastore: Datastore) -> WritableFileSystem:
    """The saved block of a registered datastore; it is saved now unless it is there as it should be.

    Raises: UnusableCredentials.
    """
    wanted, name = _block_of(datastore), _name(datastore.name)
    with suppress(ValueError):  # what Prefect raises for a block that is not there
        saved: Any = type(wanted).load(name)
        if _told_by(saved) == _told_by(wanted):
            return saved  # type: ignore[no-any-return]
    wanted.save(name, overwrite=True)
    _delete(name, SLUGS - {wanted.get_block_type_slug()})
    return wanted


def forget_storage(datastore: str) -> None:
    """Delete the block of a datastore, if it is there; the results stay."""
    _delete(_name(datastore), SLUGS)


def _name(datastore: str) -> str:
    return f"results-{block_name(datastore)}"


def _block_of(datastore: Datastore) -> WritableFileSystem:
    root = as_url(datastore.root)
    if "://" not in root:
        return LocalFileSystem(basepath=root)
    if _fits_s3_bucket(datastore):
        from prefect_aws.s3 import S3Bucket  # a second, which nobody else should pay

        bucket, _, folder = root.removeprefix("s3://").partition("/")
        credentials = load_block(datastore)
        known: dict[str, Any] = {} if credentials is None else {"credentials": credentials}
        return S3Bucket(bucket_name=bucket, bucket_folder=folder, **known)
    return DatastoreFileSystem(basepath=root, datastore=DatastoreBlock.load(block_name(datastore.name)))


def _fits_s3_bucket(datastore: Datastore) -> bool:
    """An S3Bucket has no address, only its credentials have; and keys that begin like its folder it takes for whole."""
    is_s3 = datastore.type == "s3" and datastore.endpoint_url is None
    return is_s3 and as_url(datastore.root).partition("://")[2].partition("/")[2] != JOBS


def _told_by(block: Block) -> dict[str, Any]:
    """What a block says, by field; not under which name and id it is saved."""
    fields = {name: getattr(block, name) for name in type(block).model_fields}
    return {name: _told_by(value) if isinstance(value, Block) else value for name, value in fields.items()}


def _delete(name: str, slugs: set[str]) -> None:
    with get_client(sync_client=True) as client:
        for slug in slugs:
            with suppress(ObjectNotFound):
                client.delete_block_document(client.read_block_document_by_name(name, slug).id)
