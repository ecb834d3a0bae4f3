"""Jobs from bucket to bucket: credentials are found when they are needed, and written down nowhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from blocks.errors import UnusableCredentials
from blocks.specs import AzureCredentials, Datastore
from deployments.embedded import home
from deployments.service import datastores
from deployments.service.downloads import download
from flows.paths import job_folder
from scoring.errors import OutputExistsError, StoreError
from tests.jobs.conftest import Board, batchpoint
from tests.object_stores import ACCOUNT, ACCOUNT_KEY, ADMIN, READER, AzureServer, Identity, S3Server, save_credentials

pytestmark = pytest.mark.server

NAMES = ["a b.txt", "c.txt", "é.txt"]
SECRETS = (ADMIN.secret, READER.secret, ACCOUNT_KEY)


@contextmanager
def registered(board: Board, declared: Datastore) -> Iterator[Datastore]:
    """For as long as the context: a datastore whose root holds another's would keep that one from other tests."""
    try:
        yield datastores.create(board.store, declared)
    finally:
        datastores.delete(board.store, declared.name)


@pytest.fixture(scope="module")
def bucket(board: Board, s3: S3Server) -> Iterator[Datastore]:
    """A datastore in the S3 server, with input files."""
    fs = s3.fs()
    for name in NAMES:
        fs.pipe_file(f"data/jobs/in/{name}", name.encode())
    credentials = save_credentials("all", ADMIN, s3)
    declared = Datastore(name="bucket", type="s3", root="s3://data/jobs", credentials=credentials)
    with registered(board, declared) as bucket:
        yield bucket


@pytest.fixture(scope="module")
def container(board: Board, azure: AzureServer) -> Iterator[Datastore]:
    """A datastore in the Azure server, declared as Azure's YAML has it, with input files."""
    fs = azure.fs()
    for name in NAMES:
        fs.pipe_file(f"data/in/{name}", name.encode())
    declared = Datastore(
        name="container",
        type="azure_blob",
        account_name=ACCOUNT,
        container_name="data",
        endpoint=azure.url,
        credentials=AzureCredentials(account_key=ACCOUNT_KEY),
    )
    with registered(board, declared) as container:
        yield container


@pytest.fixture(params=["bucket", pytest.param("container", marks=pytest.mark.slow)])
def place(request: pytest.FixtureRequest) -> str:
    """How paths in a datastore begin."""
    return f"azureml://datastores/{request.getfixturevalue(request.param).name}/paths"


def holds_a_secret(text: str) -> bool:
    return any(secret in text for secret in SECRETS)


def test_a_job_goes_from_bucket_to_bucket_and_its_output_is_that_of_a_local_job(board: Board, place, tmp_path):
    local = board.wait(board.invoke("names", input=board.files(*NAMES)), lambda job: job.has_ended)
    remote = board.wait(board.invoke("names", input=f"{place}/in", output=f"{place}/out"), lambda job: job.has_ended)
    assert (remote.status, remote.files) == ("Completed", local.files)
    fetched = [
        {path.name: path.read_bytes() for path in download(board.store, board.client, job.name, tmp_path / job.name)}
        for job in (local, remote)
    ]
    assert fetched[0]["predictions.csv"] == fetched[1]["predictions.csv"]
    with pytest.raises(OutputExistsError, match=r"out/predictions\.csv \(datastore '\w+'\) exists already"):
        board.invoke("names", input=f"{place}/in", output=f"{place}/out")


def test_no_secret_is_in_what_a_job_writes_logs_or_shows(board: Board, bucket: Datastore, container: Datastore):
    output = "azureml://datastores/container/paths/secrets"
    job = board.wait(board.invoke("names", input="s3://data/jobs/in", output=output), lambda job: job.has_ended)
    assert not holds_a_secret(job.model_dump_json())
    folder = Path(job_folder(board.store, str(job.id)))
    written = [path for path in [*folder.rglob("*"), *(home.home() / "logs").rglob("*")] if path.is_file()]
    assert any(path.name == "manifest.json" for path in written)
    assert [path for path in written if holds_a_secret(path.read_text(errors="replace"))] == []
    for arguments in (("job", "show", "-n", job.name), ("datastore", "list"), ("job", "stream", "-n", job.name)):
        process = batchpoint(*arguments)
        told = "".join(process.communicate(timeout=60))
        assert process.returncode == 0
        assert not holds_a_secret(told)


def test_an_output_is_replaced_by_a_job_that_says_so(board: Board, bucket: Datastore, s3: S3Server):
    s3.fs().pipe_file("data/jobs/old/predictions.csv", b"old")
    process = batchpoint(
        "batch-endpoint", "invoke", "-n", "job-tests", "-d", "names", "--input", "s3://data/jobs/in",
        "--output-path", "s3://data/jobs/old", "--overwrite", "--wait",
    )  # fmt: skip
    said = process.communicate(timeout=90)
    assert process.returncode == 0, said
    assert s3.fs().cat_file("data/jobs/old/predictions.csv").split(b"\n")[1] == b"a b.txt"


def test_whoever_may_not_write_is_told_by_the_job(board: Board, bucket: Datastore, s3: S3Server):
    credentials = save_credentials("reads", READER, s3)
    declared = Datastore(name="shelf", type="s3", root="s3://data/shelf", credentials=credentials)
    with registered(board, declared):
        job = board.invoke("names", output="azureml://datastores/shelf/paths/out")
        job = board.wait(job, lambda job: job.has_ended)
    assert job.status == "Failed"
    assert str(job.state_message).startswith("s3://data/shelf/out/.unfinished.json (datastore 'shelf') cannot be writt")


def test_credentials_that_are_not_there_or_wrong_are_told_when_a_job_is_sent(board: Board, s3: S3Server):
    declared = Datastore(name="nobody", type="s3", root="s3://data/nobody", credentials="aws-credentials/nobody")
    with pytest.raises(UnusableCredentials, match="datastore 'nobody' has its credentials in Prefect block aws-cred"):
        datastores.create(board.store, declared)
    declared = declared.model_copy(update={"credentials": save_credentials("wrong", Identity(ADMIN.key, "no"), s3)})
    denied = r"s3://data/nobody \(datastore 'nobody'\) cannot be read: access is denied"
    with registered(board, declared), pytest.raises(StoreError, match=denied):
        board.invoke("names", input="azureml://datastores/nobody/paths")


def test_the_secret_of_a_datastore_goes_with_it(board: Board, container: Datastore):
    from prefect.blocks.system import Secret

    spare = container.model_copy(
        update={
            "name": "spare",
            "container_name": "spare",
            "root": "az://spare",
            "credentials": AzureCredentials(sas_token="?sig=x"),
        }
    )
    with registered(board, spare) as kept:
        assert Secret.load("datastore-spare").get() == {"sas_token": "?sig=x"}
        assert kept.credentials == "secret/datastore-spare"
    with pytest.raises(ValueError, match="datastore-spare"):
        Secret.load("datastore-spare")
