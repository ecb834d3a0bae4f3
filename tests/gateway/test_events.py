"""Events that arrive: whoever tells of them and in whichever form, each makes its job, and makes it once."""

import json
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from blocks.hooks import Hook
from blocks.specs import Datastore
from deployments.service import hooks
from deployments.service.arrivals import Arrival, Arrivals, assignment_of
from deployments.service.assignments import Assignments
from deployments.service.errors import UnusableError
from deployments.service.registration import RecordingLauncher
from tests.gateway.conftest import Door

SHELF = "azureml://datastores/shelf/paths"
INBOX = "azureml://datastores/inbox/paths"
WINDOW = 3600.0
NOW = datetime(2026, 1, 31, 12, 30, tzinfo=UTC)
TOPIC = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/acc"
BLOB = "/blobServices/default/containers/photos/blobs/2026 may/a+b.png"
CLOUD = {"specversion": "1.0", "id": "1", "source": "/uploads", "type": "uploaded"}


@pytest.fixture(scope="module", autouse=True)
def registered(door: Door) -> dict[str, str]:
    """Hooks of `mnist`, with their secrets: one for folders, one for objects, one for PNG files below in/."""
    shelf = Path(door.store.get(Datastore, "shelf").root)
    for name in ("other", "third"):
        (shelf / name).mkdir()
        (shelf / name / "1.png").write_text("1")
    door.store.put(Datastore(name="inbox", type="fsspec", root="memory://inbox"))
    door.store.put(Datastore(name="Photos", type="azure_blob", account_name="acc", container_name="photos"))
    declared = [
        Hook(name="folders", endpoint_name="mnist", window=WINDOW),
        Hook(name="objects", endpoint_name="mnist", window=0, input="object", deployment_name="keras"),
        Hook(name="pictures", endpoint_name="mnist", window=0, prefix="in/", suffix=".png", output=f"{SHELF}/in/out"),
        Hook(name="others", endpoint_name="other", window=0),
    ]
    return {each.name: str(hooks.create(door.store, door.launcher, each).secret) for each in declared}


@pytest.fixture
def nothing_remote(monkeypatch: pytest.MonkeyPatch) -> None:
    """Objects of stores that are not there are taken for single files, without a look."""
    monkeypatch.setattr("deployments.service.submission.check_input", lambda *_: None)


def tell(
    door: Door, body: object, hook: str = "objects", token: str | None = "invoke", **headers: str
) -> httpx.Response:
    """Events sent to a hook of `mnist`."""
    return door.call("POST", f"/endpoints/mnist/events?hook={hook}", token, json=body, headers=headers)


def inputs(door: Door, answer: httpx.Response) -> list[str]:
    """What the jobs score that a request made."""
    names = [job["name"] for job in answer.raise_for_status().json()["jobs"]]
    return [order.parameters["input"] for order, job in door.launcher.sent if job.name in names]


def s3(key: str, sequencer: str = "1", event: str = "ObjectCreated:Put", bucket: str = "bucket") -> dict[str, Any]:
    held = {"bucket": {"name": bucket}, "object": {"key": key, "sequencer": sequencer}}
    return {"Records": [{"eventName": event, "s3": held}]}


def grid(kind: str = "Microsoft.Storage.BlobCreated", name: str = "g1") -> list[dict[str, Any]]:
    return [{"id": name, "topic": TOPIC, "subject": BLOB, "eventType": kind, "data": {"url": "https://x"}}]


def seaweed(key: str, event: str = "create", **entry: Any) -> dict[str, Any]:
    return {"key": key, "event_type": event, "message": {"new_entry": {"name": "a.png", **entry}}}


FORMS: list[tuple[str, Any, dict[str, str], list[str]]] = [
    ("plain", {"input": f"{SHELF}/digits"}, {}, [f"{SHELF}/digits"]),
    ("data asset", {"input": "azureml:digits@latest"}, {}, ["azureml:digits:1"]),
    ("cloudevent", {**CLOUD, "data": {"input": f"{SHELF}/digits"}}, {}, [f"{SHELF}/digits"]),
    (
        "cloudevents in a batch",
        [
            {**CLOUD, "id": str(index), "data": {"input": f"{SHELF}/{name}"}}
            for index, name in enumerate(["digits", "third"], 7)
        ],
        {"Content-Type": "application/cloudevents-batch+json"},
        [f"{SHELF}/digits", f"{SHELF}/third"],
    ),
    (
        "binary cloudevent",
        {"input": f"{SHELF}/other"},
        {"ce-specversion": "1.0", "ce-id": "b%201", "ce-source": "/u", "ce-type": "uploaded"},
        [f"{SHELF}/other"],
    ),
    ("s3", s3("root/in/a%2Bb+c.png"), {}, ["azureml://datastores/bucket/paths/in/a+b c.png"]),
    (
        "minio",
        {"EventName": "s3:ObjectCreated:Put", "Key": "x", **s3("root/in/m.png", event="s3:ObjectCreated:Put")},
        {},
        ["azureml://datastores/bucket/paths/in/m.png"],
    ),
    (
        "s3 in a cloudevent",
        {**CLOUD, "id": "s", "data": s3("root/in/c.png")},
        {},
        ["azureml://datastores/bucket/paths/in/c.png"],
    ),
    ("a bucket that is allowed", s3("public/in/a.png", bucket="allowed"), {}, ["s3://allowed/public/in/a.png"]),
    (
        "eventbridge",
        {
            "id": "e1",
            "detail-type": "Object Created",
            "detail": {"bucket": {"name": "bucket"}, "object": {"key": "root/in/a%2B.png"}},
        },
        {},
        ["azureml://datastores/bucket/paths/in/a%2B.png"],
    ),
    ("event grid", grid(), {"aeg-event-type": "Notification"}, ["azureml://datastores/Photos/paths/2026 may/a+b.png"]),
    (
        "event grid as cloudevent",
        {**CLOUD, "id": "g2", "source": TOPIC, "type": "Microsoft.Storage.BlobCreated", "subject": BLOB, "data": {}},
        {},
        ["azureml://datastores/Photos/paths/2026 may/a+b.png"],
    ),
    ("seaweed", seaweed("/buckets/bucket/root/in/w.png"), {}, ["azureml://datastores/bucket/paths/in/w.png"]),
    (
        "seaweed, moved",
        {
            "key": "/x",
            "event_type": "rename",
            "message": {"new_entry": {"name": "v.png"}, "new_parent_path": "/buckets/bucket/root/in"},
        },
        {},
        ["azureml://datastores/bucket/paths/in/v.png"],
    ),
]


@pytest.mark.usefixtures("nothing_remote")
@pytest.mark.parametrize(("_called", "body", "headers", "scored"), FORMS, ids=[form[0] for form in FORMS])
def test_each_form_makes_the_job_of_what_it_tells_of(
    door: Door, _called: str, body: Any, headers: dict[str, str], scored: list[str]
) -> None:
    answer = tell(door, body, **headers)
    assert inputs(door, answer) == scored, answer.text
    assert answer.status_code == 202


OF_SOMETHING_ELSE = {
    "an object's end": s3("root/in/a.png", event="ObjectRemoved:Delete"),
    "a folder's mark": s3("root/in/"),
    "amazon's test": {"Records": []},
    "a blob's end": grid("Microsoft.Storage.BlobDeleted"),
    "a file's end": {"key": "/buckets/bucket/root/a", "event_type": "delete", "message": {"new_entry": None}},
    "a folder in seaweed": seaweed("/buckets/bucket/root/in", is_directory=True),
    "seaweed's own files": seaweed("/etc/seaweedfs/a"),
    "another end of the name": s3("root/in/a.txt"),
    "another folder": s3("root/out/a.png"),
    "the hook's own output": seaweed("/buckets/bucket/root/in/out/a.jpg"),
}


@pytest.mark.parametrize("told", OF_SOMETHING_ELSE)
def test_what_is_no_arrival_or_passed_over_by_the_hook_is_taken_and_makes_nothing(door: Door, told: str) -> None:
    before = len(door.sent)
    answer = tell(door, OF_SOMETHING_ELSE[told], "pictures")
    assert answer.status_code == 202, answer.text
    assert (answer.json()["jobs"], answer.json()["ignored"]) == ([], 1)
    assert len(door.sent) == before


def test_what_jobs_write_makes_no_jobs_of_it(door: Door) -> None:
    before = len(door.sent)
    answer = tell(door, s3("root/azureml/1234/score/predictions.csv"), "folders")
    assert (answer.status_code, answer.json()["ignored"]) == (202, 1)
    assert len(door.sent) == before


@pytest.mark.usefixtures("nothing_remote")
def test_many_events_of_a_folder_become_one_job_that_is_due_when_the_window_is_over(door: Door) -> None:
    before = len(door.sent)
    records = [s3(f"root/many/{number}.png", str(number))["Records"][0] for number in range(20)]
    one = tell(door, {"Records": records[:10]}, "folders")
    answers: list[httpx.Response] = []
    threads = [
        threading.Thread(target=lambda each=each: answers.append(tell(door, {"Records": [each]}, "folders")))
        for each in records[10:]
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {each.json()["jobs"][0]["name"] for each in answers} == {one.json()["jobs"][0]["name"]}
    (order,) = door.sent[before:]
    assert order.parameters["input"] == "azureml://datastores/bucket/paths/many"
    assert order.due is not None
    assert order.due.timestamp() % WINDOW == 0
    assert timedelta(0) < order.due - datetime.now(UTC) <= timedelta(seconds=WINDOW)


def test_an_event_that_is_sent_again_makes_no_second_job(door: Door) -> None:
    before = len(door.sent)
    body = {"input": f"{SHELF}/digits", "id": "twice"}
    first, second = tell(door, body), tell(door, body)
    assert first.json() == second.json()
    assert len(door.sent) == before + 1
    assert inputs(door, tell(door, {**body, "id": "another"})) != []
    assert len(door.sent) == before + 2


def test_an_id_that_is_no_text_is_an_id(door: Door) -> None:
    text = json.dumps({"input": f"{SHELF}/other", "id": "\ud800"})
    first, second = (door.call("POST", "/endpoints/mnist/events?hook=folders", content=text) for _ in range(2))
    assert first.json() == second.json()
    assert inputs(door, first) == [f"{SHELF}/other"]


def arrivals(door: Door, file: Path | None, launcher: RecordingLauncher) -> Arrivals:
    """As another gateway, or the same one after its death, has them."""
    return Arrivals(door.store, launcher, Assignments(file))


def test_a_gateway_that_died_before_it_made_the_job_makes_it_when_the_event_comes_again(
    door: Door, tmp_path: Path
) -> None:
    hook, launcher = door.store.get(Hook, "folders"), RecordingLauncher()
    arrival = Arrival("1", f"{SHELF}/digits")
    Assignments(tmp_path / "events.db").assign(hook.name, "1", assignment_of(hook, arrival, NOW))
    later = NOW + timedelta(seconds=3 * WINDOW)
    again = arrivals(door, tmp_path / "events.db", launcher)
    again.take(hook, arrival, later)
    again.take(hook, replace(arrival, id="2"), NOW)
    ((order, _),) = launcher.sent
    assert order.due == NOW.replace(hour=13, minute=0)
    assert (tmp_path / "events.db").stat().st_mode & 0o077 == 0


def test_an_event_that_comes_again_windows_later_after_a_restart_makes_nothing(door: Door, tmp_path: Path) -> None:
    hook, launcher = door.store.get(Hook, "folders"), RecordingLauncher()
    arrival = Arrival("1", f"{SHELF}/digits")
    first = arrivals(door, tmp_path / "events.db", launcher).take(hook, arrival, NOW)
    later = NOW + timedelta(seconds=3 * WINDOW)
    again = arrivals(door, tmp_path / "events.db", launcher).take(hook, arrival, later)
    assert (again.name, len(launcher.sent)) == (first.name, 1)
    arrivals(door, tmp_path / "events.db", launcher).take(hook, replace(arrival, id="2"), later)
    assert len(launcher.sent) == 2


def test_what_comes_after_the_window_makes_the_next_job(door: Door) -> None:
    hook, launcher = door.store.get(Hook, "folders"), RecordingLauncher()
    taking = arrivals(door, None, launcher)
    for minutes in (0, 20, 31):
        taking.take(hook, Arrival(None, f"{SHELF}/digits"), NOW + timedelta(minutes=minutes))
    assert [order.due for order, _ in launcher.sent] == [NOW.replace(hour=13, minute=0), NOW.replace(hour=14, minute=0)]


def test_a_hook_that_was_changed_makes_jobs_as_it_now_says(door: Door) -> None:
    hook, launcher = door.store.get(Hook, "folders"), RecordingLauncher()
    taking = arrivals(door, None, launcher)
    taking.take(hook, Arrival("1", f"{SHELF}/digits"), NOW)
    changed = hook.model_copy(update={"deployment_name": "keras"})
    taking.take(changed, Arrival("2", f"{SHELF}/digits"), NOW)
    taking.take(changed, Arrival("1", f"{SHELF}/digits"), NOW)
    assert [order.parameters["deployment"] for order, _ in launcher.sent] == ["torch", "keras"]


def test_event_grid_is_answered_with_its_code_though_it_shows_no_token(door: Door) -> None:
    asked = [
        {"id": "1", "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent", "data": {"validationCode": "512d"}}
    ]
    answer = tell(door, asked, token=None, **{"aeg-event-type": "SubscriptionValidation"})
    assert (answer.status_code, answer.json()["validationResponse"]) == (200, "512d")
    assert tell(door, grid(), token=None, **{"aeg-event-type": "SubscriptionValidation"}).status_code == 400
    assert tell(door, asked, token=None).status_code == 401


def test_a_sender_of_cloudevents_is_told_that_it_may_ask(door: Door) -> None:
    headers = {"WebHook-Request-Origin": "eventgrid.azure.net", "WebHook-Request-Rate": "120"}
    answer = door.call("OPTIONS", "/endpoints/mnist/events", None, headers=headers)
    assert answer.status_code == 200
    assert answer.headers["webhook-allowed-origin"] == "eventgrid.azure.net"
    assert answer.headers["webhook-allowed-rate"] == "120"
    assert door.call("OPTIONS", "/endpoints/mnist/events", None).status_code == 400


def test_of_several_events_those_that_can_make_jobs_do(door: Door) -> None:
    events = [{"input": f"{SHELF}/{name}", "id": f"some {name}"} for name in ("digits", "missing")]
    answer = tell(door, events)
    assert inputs(door, answer) == [f"{SHELF}/digits"]
    assert "missing" in answer.json()["refused"][0]
    assert tell(door, events[1:]).status_code == 400


@pytest.fixture
def signed(door: Door, registered: dict[str, str]) -> Any:
    """Sends a body with the signature of a hook, and whatever else is wrong with it."""

    def send(
        text: str,
        hook: str = "objects",
        *,
        secret: str = "objects",
        name: str = "m1",
        age: int = 0,
        **other: str | bytes,
    ) -> httpx.Response:
        at = datetime.now(UTC) - timedelta(seconds=age)
        signature = Webhook(registered[secret]).sign(name, at, text)
        headers: dict[str, Any] = {"webhook-id": name, "webhook-timestamp": str(int(at.timestamp()))}
        headers["webhook-signature"] = signature
        headers |= {key.replace("_", "-"): value for key, value in other.items()}
        return door.call("POST", f"/endpoints/mnist/events?hook={hook}", None, content=text, headers=headers)

    return send


def test_who_signs_with_the_secret_of_the_hook_needs_no_token(door: Door, signed: Any) -> None:
    before = len(door.sent)
    answer = signed(f'{{"input": "{SHELF}/digits"}}')
    assert answer.status_code == 202, answer.text
    assert signed(f'{{"input": "{SHELF}/digits"}}', age=-2).json() == answer.json()
    assert len(door.sent) == before + 1
    assert door.audited()[-1]["hook"] == "objects"
    assert door.audited()[-1]["job"] == answer.json()["jobs"][0]["name"]


TEXT = f'{{"input": "{SHELF}/digits", "id": "stolen"}}'
FORGED: dict[str, dict[str, Any]] = {
    "another hook's secret": {"secret": "folders"},
    "another endpoint's secret": {"secret": "others"},
    "another endpoint's hook": {"hook": "others", "secret": "others"},
    "a hook that is not there": {"hook": "nobody"},
    "too old": {"age": 301},
    "too new": {"age": -330},
    "very old": {"age": 10**9},
    "another id": {"webhook_id": "m2"},
    "another time": {"webhook_timestamp": "1700000000"},
    "no time": {"webhook_timestamp": ""},
    "a time that is none": {"webhook_timestamp": "now"},
    "an endless time": {"webhook_timestamp": "inf"},
    "no number as time": {"webhook_timestamp": "nan"},
    "no id": {"webhook_id": ""},
    "an empty signature": {"webhook_signature": ""},
    "a word": {"webhook_signature": "v1"},
    "another version": {"webhook_signature": "v1a,AAAA"},
    "another signature": {"webhook_signature": "v1,AAAA"},
    "no base64": {"webhook_signature": b"v1,\xff"},
    "commas": {"webhook_signature": "v1,,,"},
    "a token that is none beside it": {"Authorization": "Bearer bpt_x_y"},
}


@pytest.mark.parametrize("forged", FORGED)
def test_a_signature_that_is_not_right_opens_nothing(door: Door, signed: Any, forged: str) -> None:
    before = len(door.sent)
    answer = signed(TEXT, **FORGED[forged])
    assert answer.status_code == 401, answer.text
    assert len(door.sent) == before
    assert door.audited()[-1]["status"] == 401


def test_a_body_that_was_changed_under_its_signature_opens_nothing(door: Door, registered: dict[str, str]) -> None:
    at = datetime.now(UTC)
    headers = {
        "webhook-id": "m1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(registered["objects"]).sign("m1", at, TEXT),
    }
    for text in (TEXT.replace("digits", "other"), TEXT + " ", "", b"\xff\xfe"):
        answer = door.call("POST", "/endpoints/mnist/events?hook=objects", None, content=text, headers=headers)
        assert answer.status_code == 401, answer.text


TOKENS = {None: 401, "read": 403, "other": 403, "expired": 401, "bpt_x_y": 401}


@pytest.mark.parametrize("token", TOKENS)
def test_a_token_that_may_not_invoke_the_endpoint_makes_no_job(door: Door, token: str | None) -> None:
    before = len(door.sent)
    assert tell(door, {"input": f"{SHELF}/digits"}, token=token).status_code == TOKENS[token]
    assert len(door.sent) == before


MALFORMED: dict[str, Any] = {
    "nothing": b"",
    "no json": b"{",
    "no text": b"\xff",
    "a word": b'"x"',
    "a number": b"7",
    "null": b"null",
    "an empty list": b"[]",
    "a list of words": b'["x"]',
    "an unknown form": {"what": "ever"},
    "no event at all": {},
    "very deep": b"[" * 100_000,
    "a cloudevent of old": {**CLOUD, "specversion": "0.3", "data": {"input": "x"}},
    "a cloudevent without an id": {key: value for key, value in CLOUD.items() if key != "id"},
    "a cloudevent that says nothing": {**CLOUD, "data": {"x": 1}},
    "a cloudevent whose data is text": {**CLOUD, "data": "input"},
    "a cloudevent in binary data": {**CLOUD, "data_base64": "e30="},
    "records that are none": {"Records": {"a": 1}},
    "a record without a bucket": {"Records": [{"eventName": "ObjectCreated:Put", "s3": {"object": {"key": "a"}}}]},
    "a record without a key": {"Records": [{"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "a"}}}]},
    "a blob without a subject": [{"id": "1", "eventType": "Microsoft.Storage.BlobCreated", "topic": TOPIC}],
    "a blob of no account": [{"id": "1", "eventType": "Microsoft.Storage.BlobCreated", "subject": BLOB, "topic": "x"}],
    "an input that is a list": {"input": ["a"]},
    "an empty input": {"input": ""},
    "a job's other words": {"input": f"{SHELF}/digits", "output": f"{SHELF}/out"},
    "variables": {"input": f"{SHELF}/digits", "environment_variables": {"LD_PRELOAD": "x"}},
}


@pytest.mark.parametrize("told", MALFORMED)
def test_a_malformed_body_is_refused_with_a_sentence(door: Door, told: str) -> None:
    body, before = MALFORMED[told], len(door.sent)
    sent: dict[str, Any] = {"content": body} if isinstance(body, bytes) else {"json": body}
    answer = door.call("POST", "/endpoints/mnist/events?hook=objects", **sent)
    assert answer.status_code == 400, answer.text
    assert len(answer.json()["error"]["message"]) > 20
    assert len(door.sent) == before


OUT_OF_REACH: dict[str, Any] = {
    "a file of this machine": {"input": "/etc/passwd"},
    "a file by its URL": {"input": "file:///etc/passwd"},
    "a metadata address": {"input": "http://169.254.169.254/latest"},
    "another bucket": s3("a/b.png", bucket="secret"),
    "a key that climbs": s3("root/../other/b.png"),
    "a key that climbs, encoded": s3("root/%252e%252e/b.png"),
    "a bucket that climbs": s3("b.png", bucket=".."),
    "a bucket that is another URL": s3("b.png", bucket="x@y/../z"),
    "a chain": s3("root/x::file:///etc/passwd"),
    "a folder of models": {"input": "azureml://datastores/workspaceblobstore/paths/models/digits/1"},
    "another account's container": [{**grid()[0], "topic": TOPIC.replace("/acc", "/eve")}],
    "another's job": {"input": "azureml://datastores/shelf/paths/azureml/x"},
}


@pytest.mark.usefixtures("nothing_remote")
@pytest.mark.parametrize("told", OUT_OF_REACH)
def test_no_event_reaches_what_was_not_registered_or_allowed(door: Door, told: str) -> None:
    before = len(door.sent)
    answer = tell(door, OUT_OF_REACH[told])
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "OutOfReach"), answer.text
    assert len(door.sent) == before


def test_a_body_that_is_too_long_is_refused(door: Door) -> None:
    answer = door.call("POST", "/endpoints/mnist/events?hook=objects", content=b" " * (1 << 20) + b"{}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "RequestTooLarge")


def test_a_hook_must_be_named_where_there_are_several_and_be_one_of_the_endpoint(door: Door) -> None:
    body = {"input": f"{SHELF}/digits"}
    several = door.call("POST", "/endpoints/mnist/events", json=body)
    assert (several.status_code, "?hook=NAME" in several.text) == (400, True)
    assert tell(door, body, "others").status_code == 404
    assert door.call("POST", "/endpoints/other/events", "all", json={**body, "id": "only"}).status_code == 202


def test_a_secret_is_shown_once_kept_apart_and_gone_with_its_hook(door: Door) -> None:
    made = hooks.create(door.store, door.launcher, Hook(name="short", endpoint_name="mnist"))
    assert made.secret is not None
    assert made.secret not in str(door.store.list(Hook))
    assert hooks.create(door.store, door.launcher, Hook(name="SHORT", endpoint_name="mnist")).secret is None
    assert door.store.secrets.read("hook-short") == made.secret
    given = made.secret.removeprefix("whsec_")
    assert hooks.create(door.store, door.launcher, made.hook, f"{given}\n").secret is None
    assert door.store.secrets.read("hook-short") == made.secret
    with pytest.raises(UnusableError) as refused:
        hooks.create(door.store, door.launcher, made.hook, "hunter2")
    assert "hunter2" not in str(refused.value)
    hooks.delete(door.store, door.launcher, "short")
    assert door.store.secrets.read("hook-short") is None
