"""Inputs in real object stores: every key, every refusal, and a store that is busy, hangs up or denies."""

import itertools

import pytest
from fsspec.core import url_to_fs

from scoring import InputError
from scoring.access import Access, called, grant, options_for
from scoring.errors import StoreError
from scoring.finding import find, locate
from scoring.storage import Folder
from tests.faulty_proxy import faulty_proxy, url_of
from tests.object_stores import READER, WRONG

NAMES = ["0", "a b", "a+b", "é/日", "100%", "p%20q", "a&b", "z/y"]


@pytest.fixture
def put(store_root):
    """Puts objects below the test's root, each holding its own name; the root."""

    def put(names, root=store_root):
        fs, path = url_to_fs(root, **options_for(root))
        for name in names:
            fs.pipe_file(f"{path}/{name}", name.encode())
        return root

    return put


def test_an_input_in_a_store_is_scored_like_one_in_a_folder(put, score_with, store_root):
    outcome = score_with("ok.py", inputs=f"{put(NAMES, f'{store_root}/in')}", size=3, slots=2)
    assert outcome.counts == (len(NAMES), 0, 0, 0)
    assert outcome.rows == score_with("ok.py", NAMES, output=outcome.folder.with_name("local")).rows


def test_one_object_may_be_an_input(put, score_with):
    assert score_with("ok.py", inputs=f"{put(['in/a b'])}/in/a b").counts == (1, 0, 0, 0)


def test_an_object_of_no_bytes_is_a_file_like_others(s3_root, score_with):
    Folder(f"{s3_root}/in").write("empty", b"")
    assert score_with("ok.py", inputs=f"{s3_root}/in").counts == (1, 0, 0, 0)


def test_a_key_with_a_newline_is_scored_on_s3(s3_root, score_with):
    Folder(f"{s3_root}/in").write("x\ny", b"text")
    assert score_with("ok.py", inputs=f"{s3_root}/in").counts == (1, 0, 0, 0)


def test_an_input_that_is_not_there_is_told_with_its_datastore(store_root):
    with pytest.raises(InputError, match=rf"input {store_root}/gone \(datastore 'the-store'\) is not there"):
        locate(f"{store_root}/gone")


@pytest.mark.parametrize(
    ("who", "bucket", "said"),
    [(WRONG, "data", "access is denied"), (READER, "private", "access is denied")],
)
def test_what_a_store_denies_is_one_sentence_without_secrets(s3, who, bucket, said):
    root = f"s3://{bucket}/denied"
    grant(Access(root, "lab", s3.options(who)))
    with pytest.raises(StoreError) as raised:
        list(find(Folder(root)))
    told = str(raised.value)
    assert told.startswith(f"{root} (datastore 'lab') cannot be listed: {said}")
    assert who.secret not in told + repr(raised.value) + repr(raised.value.__cause__)
    with pytest.raises(StoreError, match="access is denied"):
        locate(root)


def test_a_bucket_that_is_not_there_is_told_with_its_datastore(s3, tmp_path):
    grant(Access("s3://nobodys", "lab", s3.options()))
    with pytest.raises(InputError, match=r"input s3://nobodys/in \(datastore 'lab'\) is not there"):
        locate("s3://nobodys/in")
    (tmp_path / "row").write_text("row")
    with pytest.raises(StoreError, match=r"s3://nobodys/out/row \(datastore 'lab'\) cannot be written: "):
        Folder("s3://nobodys/out").put(tmp_path / "row", "row")


def test_an_object_that_nobody_may_look_at_is_denied_and_not_missing(s3, s3_root):
    Folder(f"{s3_root}/in").write("a", b"a")
    with faulty_proxy(s3.url, lambda method, *_: "deny" if method == "HEAD" else None) as proxy:
        grant(Access(s3_root, "lab", s3.options(endpoint_url=url_of(proxy))))
        with pytest.raises(StoreError, match=rf"{s3_root}/in/a \(datastore 'lab'\) cannot be read: access is denied"):
            locate(f"{s3_root}/in/a")


def test_a_denied_prefix_fails_its_files_with_the_reason(s3, s3_root, score_with):
    Folder(f"{s3_root}/in").write("a", b"a")
    Folder(f"{s3_root}/in").write("b", b"b")
    with faulty_proxy(s3.url, lambda method, path, _: "deny" if path.split("?")[0].endswith("in/b") else None) as proxy:
        grant(Access(s3_root, "lab", s3.options(endpoint_url=url_of(proxy))))
        outcome = score_with("ok.py", inputs=f"{s3_root}/in")
    assert outcome.counts == (1, 1, 0, 0)
    (failure,) = outcome.failures
    assert failure["message"].startswith(f"{s3_root}/in/b (datastore 'lab') cannot be fetched: access is denied")


def test_a_store_that_is_busy_or_hangs_up_costs_no_file(s3, s3_root, score_with):
    """Each request but every third fails once: with a 503, a closed connection, or half of an answer."""
    folder = Folder(f"{s3_root}/in")
    for name in NAMES:
        folder.write(name, name.encode())
    faults = itertools.cycle(["busy", None, "drop", None, "cut", None])
    with faulty_proxy(s3.url, lambda method, path, before: None if before else next(faults)) as proxy:
        grant(Access(s3_root, "lab", s3.options(endpoint_url=url_of(proxy))))
        outcome = score_with("ok.py", inputs=f"{s3_root}/in", size=2)
        assert set(proxy.faults) == {"busy", "drop", "cut"}
    assert outcome.counts == (len(NAMES), 0, 0, 0)


def test_of_several_roots_the_longest_one_is_meant():
    grant(Access("s3://several", "whole", {"key": "one"}))
    grant(Access("s3://several/part", "part", {"key": "two"}))
    assert [options_for(url)["key"] for url in ("s3://several/partly", "s3://several/part/x")] == ["one", "two"]
    assert called("s3://several/part") == "s3://several/part (datastore 'part')"
    assert called("s3://other/part") == "s3://other/part"


def test_a_url_that_nothing_opens_is_told():
    with pytest.raises(StoreError, match="nope://x/y cannot be read: Protocol not known: nope"):
        locate("nope://x/y")
