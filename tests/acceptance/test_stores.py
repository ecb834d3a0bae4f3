"""The README's "Data in buckets": its commands as they stand there, on real stores in place of those it names."""

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deployments.embedded import Connection
from tests.object_stores import ACCOUNT, ACCOUNT_KEY, ADMIN, AzureServer, S3Server

pytestmark = [pytest.mark.server, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
SECTION = (ROOT / "README.md").read_text().partition("## Data in buckets\n")[2].partition("\n## ")[0]
BATCHPOINT = str(Path(sys.executable).with_name("batchpoint"))
ENDPOINT = "mnist-stores"
IMAGES = 40


def batchpoint(line: str, folder: Path) -> str:
    done = subprocess.run([BATCHPOINT, *shlex.split(line)], cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    return done.stdout


def commands(word: str) -> list[str]:
    """The section's commands that a word is in."""
    found = re.findall(r"^    batchpoint (.*)$", SECTION, re.MULTILINE)
    return [line.replace("mnist-batch", ENDPOINT) for line in found if word in line]


@pytest.fixture(scope="module")
def folder(server: Connection, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with images, an endpoint that reads them, and the rows of a job over them on this machine."""
    folder = tmp_path_factory.mktemp("stores")
    (folder / "digits").mkdir()
    for path in sorted((ROOT / "examples/mnist/data").iterdir())[:: 200 // IMAGES]:
        shutil.copy(path, folder / "digits")
    batchpoint("compute create -n batch-cluster --max-instances 5", folder)
    batchpoint(f"batch-endpoint create --file {ROOT}/examples/mnist/endpoint.yml --name {ENDPOINT}", folder)
    declared = f"{ROOT}/examples/mnist/deployment-torch/deployment.yml"
    batchpoint(f"batch-deployment create --file {declared} --endpoint-name {ENDPOINT} --set-default", folder)
    batchpoint(f"batch-endpoint invoke --name {ENDPOINT} --input digits --output-path read --wait", folder)
    yield folder
    batchpoint(f"batch-endpoint delete -n {ENDPOINT} -y", folder)
    for name in {"lab", "blob"} & set(batchpoint("datastore list --query [].name -o tsv", folder).split()):
        batchpoint(f"datastore delete -n {name} -y", folder)


def rows(folder: Path) -> bytes:
    """Those of the job on this machine."""
    return (folder / "read/predictions.csv").read_bytes()


def bring_images(fs: Any, folder: Path, root: str) -> None:
    for path in (folder / "digits").iterdir():
        fs.pipe_file(f"{root}/digits/{path.name}", path.read_bytes())


def kept_jobs(fs: Any, root: str) -> set[str]:
    """What lies in the folders of jobs below a root, but for the jobs' ids."""
    return {name.split("/azureml/")[1].partition("/")[2] for name in fs.find(f"{root}/azureml")}


def test_the_example_runs_from_bucket_to_bucket_and_is_kept_there(folder: Path, s3: S3Server) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", SECTION, re.DOTALL)
    exec(code.replace("KEY", ADMIN.key).replace("SECRET", ADMIN.secret))
    bring_images(s3.fs(), folder, "data/lab")
    model = f"{ROOT}/examples/mnist/deployment-torch/model"
    s3.fs().put(model, "data/lab/model", recursive=True)
    created, invoked, register, keep = commands("lab")
    batchpoint(created.replace("https://store.lab:9000", s3.url), folder)
    from_bucket = batchpoint(f"{register} --query digest", folder)
    assert from_bucket == batchpoint(f"model create --name local-digits --path {model} --query digest", folder)
    for line in (keep, invoked):
        batchpoint(line, folder)
    assert len(rows(folder).splitlines()) == IMAGES + 1
    assert s3.fs().cat_file("data/lab/read/predictions.csv") == rows(folder)
    assert {"manifest.json", "leases/000000001", "results/000000000-000000000"} <= kept_jobs(s3.fs(), "data/lab")


def test_the_example_runs_from_container_to_container_and_is_kept_there(folder: Path, azure: AzureServer) -> None:
    bring_images(azure.fs(), folder, "data")
    (declared,) = re.findall(r"    # blob\.yml\n((?:    .*\n)+)", SECTION)
    secret = declared.replace("    ", "").replace("myaccount", ACCOUNT).replace("...", ACCOUNT_KEY)
    (folder / "blob.yml").write_text(f"{secret}endpoint: {azure.url}\n")
    (keep,) = commands("--set datastore")
    created, invoked = commands("blob")
    for line in (created, keep.replace("lab", "blob"), invoked):
        batchpoint(line, folder)
    assert azure.fs().cat_file("data/read/predictions.csv") == rows(folder)
    assert {"manifest.json", "leases/000000001", "results/000000000-000000000"} <= kept_jobs(azure.fs(), "data")
