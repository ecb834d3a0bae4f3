"""Prefect's way to the files of a datastore that takes more than a URL to open."""

from fsspec import AbstractFileSystem
from prefect.filesystems import RemoteFileSystem
from pydantic import Field, field_validator

from blocks.credentials import open_datastore
from blocks.types import REFERENCE, DatastoreBlock
from scoring.access import is_granted
from scoring.storage import Folder, as_url


class DatastoreFileSystem(RemoteFileSystem):
    """Files in a datastore: Prefect's Remote File System, opened as the datastore says.

    It holds no credentials, and no name of any, but a reference to the datastore.
    """

    _block_type_name = "Batch Datastore Files"
    _block_type_slug = "batch-datastore-files"
    _documentation_url = f"{REFERENCE}reference-yaml-datastore-blob"
    _code_example = (
        "```python\nfrom blocks.file_system import DatastoreFileSystem\n\n"
        'text = DatastoreFileSystem.load("BLOCK_NAME").read_path("folder/file.txt")\n```'
    )

    datastore: DatastoreBlock = Field(description="The datastore, by reference.")

    @field_validator("basepath")
    @classmethod
    def check_basepath(cls, value: str) -> str:
        """Let any root be that a datastore may have; Prefect asks for a host, which hdfs:///FOLDER does not name."""
        return value

    @property
    def filesystem(self) -> AbstractFileSystem:
        """The datastore, opened. Raises: UnusableCredentials."""
        spec = self.datastore.spec
        if not is_granted(as_url(spec.root)):
            open_datastore(spec)
        return Folder(spec.root).fs
