"""What senders tell of, in the forms in which they tell it: CloudEvents, Event Grid's, S3's and its kin, plain JSON."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, unquote_plus

from deployments.gateway.errors import bad_request

Body = Mapping[str, Any]
CREATED = "Microsoft.Storage.BlobCreated"
VALIDATION = "Microsoft.EventGrid.SubscriptionValidationEvent"
BUCKETS = "/buckets/"
"""Where SeaweedFS keeps what it shows as S3's buckets."""
FORMS = (
    "CloudEvents 1.0, events of Azure Event Grid, S3's and MinIO's Records, S3's events from EventBridge, SeaweedFS's "
    'file events, or {"input": "azureml://datastores/NAME/paths/PATH"}'
)


@dataclass(frozen=True)
class Notice:
    """One thing that a sender tells of.

    Attributes:
        id: the event's, as its sender tells events from each other; None when it has none.
        url: what there is to score: an object's URL (s3://BUCKET/KEY, az://CONTAINER/PATH), or what a plain body says.
        is_object: whether it is an object that arrived in a store.
        account: the Azure storage account that the container is in.
    """

    id: str | None
    url: str
    is_object: bool = True
    account: str | None = None


@dataclass(frozen=True)
class Told:
    """What one request tells of.

    Attributes:
        notices: what arrived.
        ignored: how many events tell of something else, such as an object's end.
    """

    notices: tuple[Notice, ...]
    ignored: int


def told(text: bytes, headers: Mapping[str, str]) -> Told:
    """What a request tells of. Raises: RefusedError when it is in no known form."""
    events = list(_cloud_event(text, headers)) if "ce-specversion" in headers else _events(_parsed(text))
    found = [_notices(event) for event in events]
    said = headers.get("webhook-id")
    notices = [_with_id(each, said, index) for index, each in enumerate(each for some in found for each in some)]
    return Told(tuple(notices), sum(not some for some in found))


def validation_code(text: bytes, headers: Mapping[str, str]) -> str | None:
    """The code that Event Grid wants to have sent back before it sends events here, if that is what it asks."""
    if headers.get("aeg-event-type", "").lower() != "subscriptionvalidation":
        return None
    asked = _parsed(text)
    event = asked[0] if isinstance(asked, list) and len(asked) == 1 else None
    code = _in(event, "data", "validationCode") if _in(event, "eventType") == VALIDATION else None
    if not isinstance(code, str):
        raise bad_request(f"a request for validation holds one event, {VALIDATION}, with data.validationCode")
    return code


def _parsed(text: bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise bad_request(f"the body is no JSON: {error}; send {FORMS}") from error


def _events(body: object) -> list[Body]:
    events: list[Any] = body if isinstance(body, list) else [body]
    if not events or not all(isinstance(each, Mapping) for each in events):
        raise bad_request(f"the body is neither an event nor a list of events; send {FORMS}")
    return events


def _cloud_event(text: bytes, headers: Mapping[str, str]) -> Iterator[Body]:
    """A CloudEvent whose attributes are headers, as if all of it were in the body.

    Source: CloudEvents 1.0, HTTP protocol binding, 3.1.
    """
    attributes = {name[3:]: unquote(value) for name, value in headers.items() if name.startswith("ce-")}
    yield {**attributes, "data": _parsed(text) if text else {}}


def _notices(event: Body) -> list[Notice]:
    """What one event tells of; nothing when it tells of something else than an arrival."""
    for mark, read in READERS.items():
        if mark in event:
            return list(read(event))
    raise bad_request(f"an event has none of {', '.join(READERS)}, by which its form would be known; send {FORMS}")


def _from_cloud_event(event: Body) -> Iterator[Notice]:
    version, source, name = (_in(event, key) for key in ("specversion", "source", "id"))
    if version != "1.0" or not (isinstance(source, str) and isinstance(name, str) and _in(event, "type")):
        raise bad_request("a CloudEvent has specversion 1.0, and id, source and type")
    if str(event["type"]).startswith("Microsoft.Storage."):
        yield from _blob(event, event["type"], source)
        return
    data = event.get("data")
    marks = [mark for mark in ("Records", "input") if isinstance(data, Mapping) and mark in data]
    if not isinstance(data, Mapping) or not marks:
        raise bad_request('data of the CloudEvent says nothing to score; send {"input": ...}, or S3\'s Records, in it')
    for index, found in enumerate(READERS[marks[0]](data)):
        yield Notice(f"{source} {name} {index}", found.url, found.is_object)


def _from_event_grid(event: Body) -> Iterator[Notice]:
    yield from _blob(event, event["eventType"], _in(event, "topic"))


def _blob(event: Body, kind: object, source: object) -> Iterator[Notice]:
    """Azure's storage: the subject names container and blob as they are, and the source the account."""
    if kind != CREATED:
        return
    _, found, place = str(_in(event, "subject")).partition("/blobServices/default/containers/")
    container, there, path = place.partition("/blobs/")
    _, named, account = str(source).rpartition("/storageAccounts/")
    if not (found and there and path and named and account):
        raise bad_request(f"{CREATED} has no subject and no storage account from which the blob is known")
    name = _in(event, "id")
    yield Notice(str(name) if name else None, f"az://{container}/{path}", account=account)


def _from_records(event: Body) -> Iterator[Notice]:
    """S3's, MinIO's and others': keys are written as in forms, with a plus for a blank."""
    records = event["Records"]
    if not isinstance(records, list):
        raise bad_request("Records is no list; send what S3 sends")
    for record in records:
        if "ObjectCreated:" in str(_in(record, "eventName")):
            key = unquote_plus(str(_in(record, "s3", "object", "key") or ""))
            yield from _s3(record, _in(record, "s3", "bucket", "name"), key, _in(record, "s3", "object", "sequencer"))


def _from_event_bridge(event: Body) -> Iterator[Notice]:
    if event["detail-type"] == "Object Created":
        key = str(_in(event, "detail", "object", "key") or "")
        yield from _s3(event, _in(event, "detail", "bucket", "name"), key, _in(event, "id"))


def _s3(told_by: object, bucket: object, key: str, sequence: object) -> Iterator[Notice]:
    if not isinstance(bucket, str) or not key:
        raise bad_request(f"an event of S3 names no bucket or no object: {str(told_by)[:200]}")
    if not key.endswith("/"):
        yield Notice(f"{bucket}/{key} {sequence}" if sequence else None, f"s3://{bucket}/{key}")


def _from_seaweed(event: Body) -> Iterator[Notice]:
    """SeaweedFS's file events, which are about folders and pieces of uploads too; they name where a file is now."""
    entry = _in(event, "message", "new_entry")
    if event["event_type"] == "delete" or entry is None or _in(entry, "is_directory"):
        return
    folder, name = _in(event, "message", "new_parent_path"), _in(entry, "name")
    path = f"{folder}/{name}" if folder and name else str(event["key"])
    inside = path.removeprefix(BUCKETS)
    if path.startswith(BUCKETS) and not inside.startswith(".") and "/.uploads/" not in inside:
        version = [_in(entry, "attributes", key) for key in ("inode", "mtime", "md5")]
        yield Notice(" ".join(map(str, [inside, *version])) if any(version) else None, f"s3://{inside}")


def _from_plain(event: Body) -> Iterator[Notice]:
    others = {*event} - {"input", "id"}
    if others or not isinstance(event["input"], str) or not event["input"]:
        what = f"has {min(others)}" if others else "has an input that is no text"
        raise bad_request(f"the event {what}; it holds input, and an id if you like; the hook says all else of a job")
    name = event.get("id")
    yield Notice(str(name) if name else None, event["input"], is_object=False)


READERS: dict[str, Callable[[Body], Iterator[Notice]]] = {
    "specversion": _from_cloud_event,
    "eventType": _from_event_grid,
    "Records": _from_records,
    "detail-type": _from_event_bridge,
    "event_type": _from_seaweed,
    "input": _from_plain,
}
"""How an event is read, by a key that only its form has."""


def _with_id(notice: Notice, message: str | None, index: int) -> Notice:
    """An event without an id of its own is known by that of the message that it came in."""
    if notice.id is not None or message is None:
        return notice
    return Notice(f"{message} {index}", notice.url, notice.is_object, notice.account)


def _in(value: object, *path: str) -> Any:
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value
