"""Jobs sent over HTTP: what reaches Prefect, and what is answered."""

import pytest

from deployments.gateway import places
from tests.gateway.conftest import Door

SHELF = "azureml://datastores/shelf/paths/digits"
OUT = "azureml://datastores/shelf/paths/out"


def azure(uri: str = SHELF, **properties: object) -> dict[str, object]:
    return {"properties": {"InputData": {"digits": {"JobInputType": "UriFolder", "Uri": uri}}, **properties}}


def test_a_job_is_created_and_its_url_is_where_it_can_be_polled(door: Door) -> None:
    answer = door.send({"input": SHELF, "name": "monday"})
    assert answer.status_code == 201, answer.text
    job = answer.json()
    assert answer.headers["location"] == f"{door.url}/endpoints/mnist/jobs/monday"
    assert (job["id"].rpartition("/")[2], job["name"], job["status"]) == ("monday", "monday", "Queued")
    assert job["properties"]["status"] == "Queued"
    assert job["properties"]["provisioningState"] == "InProgress"
    assert door.sent[-1].parameters == {"input": SHELF, "deployment": "torch"}


@pytest.mark.parametrize(
    ("body", "settings"),
    [
        (azure(), {}),
        ({"properties": {"inputData": {"UriFolder": {"uri": SHELF, "jobInputType": "UriFolder"}}}}, {}),
        ({"PROPERTIES": {"INPUTDATA": {"x": {"JOBINPUTTYPE": "urifolder", "URI": SHELF, "Mode": "Direct"}}}}, {}),
        ({"properties": {"dataset": {"dataInputType": "DataUrl", "Path": SHELF}}}, {}),
        (azure(miniBatchSize="20", MiniBATCHsize=None), {"mini_batch_size": 20}),
        (azure(errorThreshold=5, loggingLevel="Debug"), {"error_threshold": 5, "logging_level": "debug"}),
        (
            azure(retrySettings={"maxRetries": 2, "timeout": "PT60S"}),
            {"retry_settings": {"max_retries": 2, "timeout": 60.0}},
        ),
        (azure(compute={"instanceCount": 2}), {"instance_count": 2}),
        (
            azure(maxConcurrencyPerInstance=2, outputFileName="x.csv"),
            {"max_concurrency_per_instance": 2, "output_file_name": "x.csv"},
        ),
        (azure(properties={"experimentName": "spring"}), {}),
        ({"input": SHELF, "mini_batch_size": 20}, {"mini_batch_size": 20}),
        ({"input": SHELF, "settings": {"mini_batch_size": 20}}, {"mini_batch_size": 20}),
        (
            {
                "properties": {
                    "InputData": {
                        "d": {"JobInputType": "UriFolder", "Uri": SHELF},
                        "top_k": {"JobInputType": "Literal", "Value": "5"},
                    }
                }
            },
            {"literals": {"top_k": "5"}},
        ),
    ],
)
def test_bodies_of_azures_clients_mean_here_what_they_mean_there(door: Door, body: object, settings: object) -> None:
    answer = door.send(body)
    assert answer.status_code == 201, answer.text
    wanted = {"settings": settings} if settings else {}
    assert door.sent[-1].parameters == {"input": SHELF, "deployment": "torch", **wanted}


def test_a_comma_after_the_last_member_is_passed_over_as_azure_does(door: Door) -> None:
    """It stands in samples of Azure's own."""
    body = (
        '{"properties": {"InputData": {"x": {"Uri": "SHELF", "JobInputType": "UriFolder", } }, "miniBatchSize": 9,\n},}'
    )
    answer = door.call("POST", "/endpoints/mnist/jobs", content=body.replace("SHELF", SHELF))
    assert answer.status_code == 201, answer.text
    assert door.sent[-1].parameters["settings"] == {"mini_batch_size": 9}
    kept = door.send({"input": SHELF, "settings": {"literals": {"said": "a,} b, ]"}}})
    assert kept.status_code == 201, kept.text
    assert door.sent[-1].parameters["settings"]["literals"] == {"said": "a,} b, ]"}
    assert door.call("POST", "/endpoints/mnist/jobs", content=b'{"input": ,}').status_code == 400


@pytest.mark.parametrize(
    ("properties", "output", "settings"),
    [
        (
            {"OutputData": {"score": {"JobOutputType": "UriFile", "Uri": f"{OUT}/x.csv"}}},
            OUT,
            {"output_file_name": "x.csv"},
        ),
        ({"OutputData": {"score": {"JobOutputType": "UriFolder", "Uri": OUT}}}, OUT, None),
        ({"outputDataset": {"datastoreId": "/subscriptions/s/datastores/shelf", "path": "/out/"}}, OUT, None),
    ],
)
def test_azures_output_is_a_file_and_ours_the_folder_around_it(
    door: Door, properties: dict[str, object], output: str, settings: object
) -> None:
    answer = door.send(azure(**properties))
    assert answer.status_code == 201, answer.text
    assert door.sent[-1].parameters["output"] == output
    assert door.sent[-1].parameters.get("settings") == settings


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (
            {
                "properties": {
                    "dataset": {"dataInputType": "DatasetVersion", "datasetName": "digits", "datasetVersion": "1"}
                }
            },
            "azureml:digits:1",
        ),
        (
            {
                "properties": {
                    "dataset": {
                        "dataInputType": "DatasetId",
                        "datasetId": "/subscriptions/s/workspaces/w/data/digits/versions/1",
                    }
                }
            },
            "azureml:digits:1",
        ),
        (azure("azureml:digits@latest"), "azureml:digits:1"),
    ],
)
def test_a_data_asset_is_pinned_to_the_version_it_is_now(door: Door, body: object, path: str) -> None:
    answer = door.send(body)
    assert answer.status_code == 201, answer.text
    assert door.sent[-1].parameters["input"] == path


def test_a_header_picks_the_deployment(door: Door) -> None:
    door.send(azure(), **{"azureml-model-deployment": "Keras"})
    assert door.sent[-1].parameters["deployment"] == "keras"


@pytest.mark.parametrize("header", ["Idempotency-Key", "repeatability_request-id", "repeatability-request-id"])
def test_a_request_that_is_repeated_is_the_same_job(door: Door, header: str) -> None:
    before = len(door.sent)
    first, again = (door.send(azure(), **{header: f"key of {header}"}) for _ in range(2))
    assert first.json() == again.json()
    assert len(door.sent) == before + 1
    other = door.send(azure(miniBatchSize=3), **{header: f"key of {header}"})
    assert (other.status_code, other.json()["error"]["code"]) == (409, "Conflict")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "the body is no JSON"),
        (b"{", "the body is no JSON"),
        (b"[" * 100_000, "the body is no JSON"),
        (b"[]", "no JSON object"),
        (b'{"input": 5, "x": 1}', "x is not"),
        (b"{}", "no files to score are given"),
        (b'{"properties": 5}', "properties is no JSON object"),
        (b'{"properties": {"InputData": []}}', "inputs is no JSON object"),
        (b'{"properties": {"InputData": {"x": 5}}}', "inputs.x is no JSON object"),
        (
            b'{"properties": {"InputData": {"x": {"JobInputType": "MLTable", "Uri": "azureml:x:1"}}}}',
            "tables are not read here",
        ),
        (b'{"properties": {"InputData": {"x": {"Uri": "a"}}, "inputdata": {}}}', "given twice"),
        (
            b'{"properties": {"InputData": {"x": {"Uri": "azureml:digits:1"}}, "miniBatchSize": 0}}',
            "mini_batch_size is 0",
        ),
        (b'{"properties": {"dataset": {"dataInputType": "Stream"}}}', "must be DataUrl, DatasetId or DatasetVersion"),
        (b'{"input": "azureml:digits:1", "deployment": "jax"}', "endpoint 'mnist' has no deployment 'jax'"),
        (b'{"input": "azureml:nothing:1"}', "no data asset 'nothing' is registered"),
        (b'{"input": "azureml://datastores/nowhere/paths/x"}', "no datastore 'nowhere' is registered"),
        (b'{"input": "azureml:digits:1", "job_name": "../x"}', "is no name for a job"),
        (b'{"input": "azureml:digits:1", "output": "azureml:digits:1"}', "azureml:digits:1"),
    ],
)
def test_what_cannot_be_is_refused_in_azures_shape_with_a_sentence(door: Door, body: bytes, said: str) -> None:
    before = len(door.sent)
    answer = door.call("POST", "/endpoints/mnist/jobs", content=body)
    assert answer.status_code in {400, 403, 404}, answer.text
    error = answer.json()["error"]
    assert said in error["message"]
    assert set(error) == {"code", "message", "details"}
    assert len(door.sent) == before


def test_several_problems_are_told_one_by_one(door: Door) -> None:
    error = door.send({"input": SHELF, "mini_batch_size": "some", "threads": "many"}).json()["error"]
    assert len(error["details"]) == 2
    assert all(each["message"] in error["message"] for each in error["details"])


def test_prefects_server_that_is_away_is_said_with_when_to_come_again(door: Door) -> None:
    for path in ("/readyz", "/endpoints/mnist/jobs/monday"):
        answer = door.call("GET", path)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert door.call("GET", "/healthz", token=None).json() == {"status": "ok"}


def test_what_a_token_did_is_written_down(door: Door) -> None:
    door.send({"input": SHELF, "name": "written-down"})
    door.send({"input": SHELF}, token="other")
    done = door.audited()
    mine, refused = done[-2:]
    assert mine["token"] == door.tokens["invoke"].token.name
    assert (mine["method"], mine["path"], mine["status"], mine["job"]) == (
        "POST",
        "/endpoints/mnist/jobs",
        201,
        "written-down",
    )
    assert (refused["token"], refused["status"]) == (door.tokens["other"].token.name, 403)
    secrets = [made.text.rpartition("_")[2] for made in door.tokens.values()]
    assert not any(secret in door.audit.read_text() for secret in secrets)
    assert door.audit.stat().st_mode & 0o077 == 0


def test_an_answer_names_places_as_callers_know_them(door: Door) -> None:
    """The job's own output lies in a folder of the gateway's machine, which says nothing to anybody else."""
    shown = door.send({"input": SHELF, "output": OUT}).json()["properties"]
    assert shown["inputData"] == {"input": {"jobInputType": "UriFolder", "uri": SHELF}}
    assert shown["outputData"] == {"score": {"jobOutputType": "UriFolder", "uri": OUT}}
    own = door.send({"input": SHELF})
    output = own.json()["properties"]["outputData"]["score"]
    assert output == {"jobOutputType": "UriFile", "uri": f"{own.headers['location']}/outputs/score"}
    assert str(door.audit.parent) not in own.text


@pytest.mark.parametrize(
    ("spellings", "shown"),
    [
        (("/data/in", "/data/in"), None),
        (("file:///data", None), None),
        ((None, "/data/azureml/x/score"), None),
        ((None, "s3://data/x"), "s3://data/x"),
        (("azureml:digits:1", "/data/digits"), "azureml:digits:1"),
        ((SHELF, "/data/digits"), SHELF),
        (("/subscriptions/s/data/digits/versions/1", "/data"), "/subscriptions/s/data/digits/versions/1"),
    ],
)
def test_a_path_of_the_gateways_machine_is_not_shown(spellings: tuple[str | None, ...], shown: str | None) -> None:
    assert places.shown_place(*spellings) == shown


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("3 files scored; output: /data/azureml/x/score", "3 files scored"),
        ("3 files scored; output: s3://data/x", "3 files scored; output: s3://data/x"),
        ("init() failed: no weights", "init() failed: no weights"),
        (None, None),
    ],
)
def test_what_happened_is_told_without_such_a_path(message: str | None, shown: str | None) -> None:
    assert places.shown_sentence(message) == shown
