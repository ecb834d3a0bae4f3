"""S3 and compatible stores: listed page by page in any order, and small objects got by signed URLs."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from botocore import auth
from fsspec.asyn import sync
from fsspec.core import url_to_fs

from scoring import byte_order
from scoring.finding import find
from scoring.signed_urls import SECONDS_SIGNED, SignedUrls
from scoring.storage import Folder
from tests.scoring.small_s3 import small_s3

s3fs = pytest.importorskip("s3fs")
NAMES = ["z", "a b", "a+b", "é/日", "100%", "x\ny", "q?c#d", "p%20q", "a&b<c>", "a/b", "a"]


@pytest.fixture(autouse=True)
def no_server_of_another_test():
    yield
    s3fs.S3FileSystem.clear_instance_cache()


def objects(names):
    return {f"in/{name}": name.encode() for name in names}


def test_every_page_of_a_listing_comes_in_byte_order_whatever_the_order_of_the_store(monkeypatch):
    monkeypatch.setattr(byte_order, "RUN_FILES", 3)
    kept = {**objects(NAMES), "in/folder/": b"", "inside": b"not below in/"}
    with small_s3(monkeypatch, kept, page=2) as server:
        found = list(find(Folder("s3://data/in")))
        assert server.pages == 6
    assert [(file.path, file.size) for file in found] == [(name, len(name.encode())) for name in sorted(NAMES)]
    assert len({file.etag for file in found}) == len(NAMES)


def test_another_user_of_the_same_store_sees_whole_pages(monkeypatch):
    with small_s3(monkeypatch, objects(["a", "b"])):
        fs, path = url_to_fs("s3://data/in")
        assert len(list(find(Folder("s3://data/in")))) == 2
        assert sorted(fs.find(path)) == ["data/in/a", "data/in/b"]


@pytest.mark.parametrize("takes_signed_urls", [True, False])
def test_objects_are_got_by_signed_urls_and_by_s3fs_where_those_are_refused(score_with, monkeypatch, takes_signed_urls):
    with small_s3(monkeypatch, objects(NAMES), takes_signed_urls=takes_signed_urls) as server:
        outcome = score_with("ok.py", inputs="s3://data/in", size=4)
        assert outcome.counts == (len(NAMES), 0, 0, 0)
        if takes_signed_urls:
            assert (server.signed_urls, server.signed_headers) == (len(NAMES), 0)
        else:
            assert server.signed_headers == len(NAMES)


def test_objects_are_got_by_signed_urls_through_a_proxy_too(score_with, monkeypatch):
    with small_s3(monkeypatch, objects(NAMES)) as server:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")  # where nobody is
        assert score_with("ok.py", inputs="s3://data/in", size=4).counts == (len(NAMES), 0, 0, 0)
        assert (server.signed_urls, server.signed_headers) == (len(NAMES), 0)


def test_an_object_that_is_gone_is_a_failed_file_with_the_reason(score_with, monkeypatch):
    with small_s3(monkeypatch, objects(["0", "1", "2"])) as server:

        def vanish(_news):
            server.objects.pop("in/2", None)

        outcome = score_with("ok.py", inputs="s3://data/in", on_news=vanish, prefetch_limit=0)
    assert outcome.counts == (2, 1, 0, 0)
    assert outcome.failures[0]["error"] == "FileNotFoundError"
    assert outcome.failures[0]["message"].startswith("s3://data/in/2 cannot be fetched: ")


@pytest.mark.parametrize("style", ["path", "virtual"])
@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_a_url_is_signed_as_botocore_signs_it(monkeypatch, version, style):
    moment = datetime.now(UTC)
    monkeypatch.setattr(auth, "get_current_datetime", lambda **_: moment)
    monkeypatch.setattr(auth, "time", SimpleNamespace(time=moment.timestamp))
    options = {"signature_version": version, "s3": {"addressing_style": style}}
    fs = s3fs.S3FileSystem(
        key="K", secret="S", token="T/+=", client_kwargs={"region_name": "eu-north-1"}, config_kwargs=options
    )
    urls = SignedUrls(fs)

    async def both(name):
        client = await fs.get_s3("data")
        expected = await client.generate_presigned_url("get_object", {"Bucket": "data", "Key": name}, SECONDS_SIGNED)
        client.generate_presigned_url = None  # the others are signed without the client
        made = str(await urls.of(f"data/{name}"))
        del client.generate_presigned_url
        return made, expected

    sync(fs.loop, urls.of, "data/first")
    for name in NAMES:
        made, expected = sync(fs.loop, both, name)
        assert made == expected
