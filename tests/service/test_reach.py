"""An input that its compute does not find is copied to the default datastore when a job is sent, once."""

import pytest

from blocks.schedules import Schedule
from blocks.specs import Compute, Data, Datastore, Endpoint
from deployments.service import computes, data, datastores, deployments, schedules
from deployments.service.errors import ConflictError, UnusableError
from deployments.service.submission import Request, order_of, submit
from flows.errors import JobRefusedError
from flows.paths import resolve_url
from flows.resolve import resolve

LOCAL_UPLOAD = "azureml://datastores/workspaceblobstore/paths/LocalUpload/"


@pytest.fixture
def images(tmp_path):
    folder = tmp_path / "images"
    (folder / "2026").mkdir(parents=True)
    (folder / "2026/a.png").write_bytes(b"a")
    (folder / "b c%.png").write_bytes(b"b")
    (folder / "notes.txt").write_bytes(b"not for scoring")
    (folder / ".amlignore").write_text("*.txt\n")
    return folder


@pytest.fixture
def sent(ready, launcher, declared):
    """The input of a job as it is sent to a compute that shares files, or does not."""
    deployments.create(ready, launcher, declared(), set_default=True)

    def sent(path, *, shares_files=False):
        cluster = Compute(name="batch-cluster", type="dask", address="tcp://10.1.2.3:8786", shares_files=shares_files)
        computes.create(ready, launcher, cluster)
        order = order_of(ready, ready.get(Endpoint, "mnist"), Request("mnist", str(path)))
        return order.parameters["input"]

    return sent


def names_below(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_local_folder_is_copied_without_what_its_ignore_file_names(ready, sent, images, kept):
    path = sent(images)
    assert path.startswith(LOCAL_UPLOAD)
    copy = resolve_url(ready, path)
    assert copy.startswith(str(kept))
    assert names_below(kept / copy) == ["2026/a.png", "b c%.png"]


def test_the_same_content_is_copied_once_and_other_content_beside_it(ready, sent, images, kept):
    first = sent(images)
    written = (kept / resolve_url(ready, first) / "b c%.png").stat()
    assert sent(images) == first
    assert (kept / resolve_url(ready, first) / "b c%.png").stat().st_mtime_ns == written.st_mtime_ns
    (images / "b c%.png").write_bytes(b"changed")
    second = sent(images)
    assert second != first
    assert (kept / resolve_url(ready, first) / "b c%.png").read_bytes() == b"b"
    assert len(list((kept / "LocalUpload").iterdir())) == 2


def test_one_file_is_copied_under_its_name(ready, sent, images):
    path = sent(images / "b c%.png")
    assert path.startswith(LOCAL_UPLOAD)
    assert path.endswith("/b c%.png")


def test_what_the_compute_finds_is_not_copied(ready, sent, images, kept):
    datastores.create(ready, Datastore(name="share", root=str(images)))
    data.create(ready, Data(name="images", path=str(images)))
    uploads = len(list((kept / "LocalUpload").iterdir()))
    reachable = [images, f"{images}/2026", "azureml://datastores/share/paths/2026", "azureml:images@latest"]
    assert [sent(path) for path in reachable] == [str(images), f"{images}/2026", reachable[2], "azureml:images:1"]
    assert len(list((kept / "LocalUpload").iterdir())) == uploads


def test_a_compute_that_shares_files_reads_them_where_they_are(sent, images, kept):
    assert sent(images, shares_files=True) == str(images)
    assert not (kept / "LocalUpload").exists()


def test_a_command_that_is_repeated_is_the_same_job_whatever_its_input_holds_by_then(ready, launcher, sent, images):
    sent(images)
    request = Request("mnist", str(images), idempotency_key="once")
    first = submit(ready, launcher, request)
    (images / "b c%.png").write_bytes(b"changed")
    assert submit(ready, launcher, request) == first
    with pytest.raises(ConflictError, match="has another input"):
        submit(ready, launcher, Request("mnist", str(images / "2026"), idempotency_key="once"))


def test_an_input_that_cannot_be_copied_is_refused_and_nothing_is_left(sent, images, kept):
    (images / "gone.png").symlink_to("nowhere")
    with pytest.raises(UnusableError, match=r"gone\.png is a link that leads nowhere; remove it"):
        sent(images)
    assert not (kept / "LocalUpload").exists()


def test_a_door_that_copies_nothing_is_refused_with_what_to_type(ready, launcher, sent, images):
    sent(images)
    trigger = {"type": "cron", "expression": "0 3 * * *"}
    job = {"type": "batch_endpoint", "endpoint_name": "mnist", "input": str(images)}
    nightly = Schedule.model_validate({"name": "nightly", "trigger": trigger, "create_job": job})
    with pytest.raises(JobRefusedError, match=rf"input {images} is in no datastore, .* data create --name NAME"):
        schedules.create(ready, launcher, nightly)
    with pytest.raises(JobRefusedError, match=rf"input {images} is in no datastore, and compute 'batch-cluster'"):
        resolve(ready, job="a-job", endpoint="mnist", input=str(images))
