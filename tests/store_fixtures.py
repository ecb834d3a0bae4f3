"""One real S3 server and one real Azure Blob server for the session, and a root of its own in them for each test."""

import re
from collections.abc import Iterator

import pytest

from scoring.access import Access, grant
from tests.object_stores import AzureServer, S3Server, azure_server, s3_server, why_no_azure, why_no_s3


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """SeaweedFS, with the bucket `data`."""
    if reason := why_no_s3():
        pytest.skip(reason)
    with s3_server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(scope="session")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AzureServer]:
    """Azurite, with the container `data`."""
    if reason := why_no_azure():
        pytest.skip(reason)
    with azure_server(tmp_path_factory.mktemp("azure")) as server:
        yield server


@pytest.fixture
def s3_root(s3: S3Server, request: pytest.FixtureRequest) -> str:
    """URL of a folder that scoring may read and write."""
    return _granted(f"s3://data/{_folder(request)}", s3.options())


@pytest.fixture
def azure_root(azure: AzureServer, request: pytest.FixtureRequest) -> str:
    """URL of a folder that scoring may read and write."""
    return _granted(f"az://data/{_folder(request)}", {"connection_string": azure.connection_string})


@pytest.fixture(params=["s3", pytest.param("azure", marks=pytest.mark.slow)])
def store_root(request: pytest.FixtureRequest) -> str:
    """The same, in each of the stores in turn."""
    root: str = request.getfixturevalue(f"{request.param}_root")
    return root


def _folder(request: pytest.FixtureRequest) -> str:
    return re.sub(r"\W+", "-", request.node.name)[:100].strip("-")


def _granted(root: str, options: dict[str, str]) -> str:
    grant(Access(root, "the-store", options))
    return root
