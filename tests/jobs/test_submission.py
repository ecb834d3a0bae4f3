"""What is refused before a job exists, each with a sentence, and with nothing left behind."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client
from pydantic import ValidationError

from blocks.errors import NotRegistered
from blocks.overrides import Overrides
from blocks.specs import Defaults, Endpoint
from deployments.service import endpoints, jobs
from deployments.service.errors import ConflictError, JobNameTakenError, UnusableError
from deployments.service.sending import Ids, launch
from deployments.service.submission import Request, order_of
from flows.errors import JobRefusedError
from scoring.errors import InputError, OutputExistsError
from tests.jobs.conftest import ENDPOINT, Board

pytestmark = pytest.mark.server


@pytest.fixture
def refused(board: Board):
    """Send a request that must be refused, and check that no job came of it."""

    def send(error: type[Exception], said: str, **asked: object) -> None:
        before = len(jobs.list_all(board.store, board.client, most=1000))
        request = Request(**({"endpoint": ENDPOINT, "input": board.files("a.txt")} | asked))
        with pytest.raises(error, match=said):
            jobs.invoke(board.store, board.launcher, request)
        assert len(jobs.list_all(board.store, board.client, most=1000)) == before

    return send


def test_an_unknown_endpoint(refused) -> None:
    refused(NotRegistered, "no endpoint 'nowhere' is registered", endpoint="nowhere")


def test_an_unknown_deployment_names_those_that_are(refused) -> None:
    known = "'names', 'picky', 'slow'"  # and what other tests have registered since
    refused(NotRegistered, f"has no deployment 'torch'; it has {known}", deployment="torch")


def test_an_endpoint_without_deployments(refused, board: Board) -> None:
    endpoints.create(board.store, board.launcher, Endpoint(name="job-tests-empty"))
    refused(JobRefusedError, "has no deployment; create one", endpoint="job-tests-empty")


def test_a_default_that_points_nowhere_says_what_to_type(refused, board: Board) -> None:
    good = board.store.get(Endpoint, ENDPOINT)
    board.store.put(good.model_copy(update={"defaults": Defaults(deployment_name="gone")}))
    try:
        refused(JobRefusedError, r"'gone', which is not there.*--set defaults\.deployment_name=names")
    finally:
        board.store.put(good)


def test_an_input_that_is_not_there(refused, tmp_path: Path) -> None:
    refused(InputError, f"input {tmp_path}/nothing is not there", input=str(tmp_path / "nothing"))


def test_an_input_without_files(refused, tmp_path: Path) -> None:
    (tmp_path / "empty" / "deeper").mkdir(parents=True)
    refused(InputError, "has no files to score", input=str(tmp_path / "empty"))


def test_an_input_with_hidden_files_only(refused, board: Board) -> None:
    refused(InputError, "has no files to score; hidden ones count", input=board.files(".hidden"))


def test_a_file_where_a_folder_was_said_and_the_other_way_round(refused, board: Board) -> None:
    folder = board.files("a.txt")
    refused(InputError, "is one file; give a folder", input=f"{folder}/a.txt", input_type="uri_folder")
    refused(InputError, "is a folder; give one file", input=folder, input_type="uri_file")


def test_an_input_of_no_known_form_is_refused_with_those_that_are(refused) -> None:
    refused(JobRefusedError, "is no path; write azureml://datastores", input="azureml:heart")


def test_an_output_file_that_exists(refused, tmp_path: Path) -> None:
    (tmp_path / "predictions.csv").write_text("")
    refused(OutputExistsError, "predictions.csv exists already", output=str(tmp_path))


def test_more_instances_than_the_compute_has(refused) -> None:
    refused(JobRefusedError, "at most 2; ask for 2 or fewer", overrides=Overrides(instance_count=3))


def test_overrides_that_break_a_limit() -> None:
    with pytest.raises(ValidationError):
        Overrides(mini_batch_size=0)


@pytest.mark.parametrize("name", ["a job", "x" * 256, "00000000-0000-4000-8000-000000000001"])
def test_a_name_that_no_job_may_have(refused, name: str) -> None:
    refused(UnusableError, "is no name for a job", job_name=name)


def test_of_several_who_give_one_name_at_once_one_gets_a_job(board: Board) -> None:
    request = Request(ENDPOINT, board.files("a.txt"), job_name="wanted-by-all")
    order = order_of(board.store, board.store.get(Endpoint, ENDPOINT), request)
    begin = threading.Barrier(4)

    def send(_: int) -> bool:
        with get_client(sync_client=True) as client:
            begin.wait()
            try:
                launch(client, order, Ids())
            except JobNameTakenError:
                return False
        return True

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(send, range(4))) == 1


def test_an_order_with_the_key_of_another_gets_its_job_though_the_name_is_taken_by_then(board: Board) -> None:
    request = Request(ENDPOINT, board.files("a.txt"), job_name="twice-at-once", idempotency_key="twice")
    order, known = order_of(board.store, board.store.get(Endpoint, ENDPOINT), request), Ids()
    assert launch(board.client, order, known).id == launch(board.client, order, known).id
    with pytest.raises(JobNameTakenError):
        launch(board.client, replace(order, key="another"), known)


def test_an_endpoint_that_prefect_forgot(refused, board: Board) -> None:
    endpoints.create(board.store, board.launcher, Endpoint(name="job-tests-lost"))
    declared = board.store.get(Endpoint, ENDPOINT)
    board.launcher.unregister(ENDPOINT)
    try:
        refused(ConflictError, f"update --name {ENDPOINT}")
    finally:
        endpoints.update(board.store, board.launcher, declared)
