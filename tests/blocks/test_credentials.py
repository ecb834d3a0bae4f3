"""Datastores that need no block: public ones, and those whose credentials the machine has."""

import pytest

from blocks.credentials import options_of
from blocks.specs import Datastore


@pytest.fixture
def no_credentials_here(monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def test_a_bucket_without_credentials_is_public_unless_the_machine_has_some(no_credentials_here, monkeypatch):
    bucket = Datastore(name="b", type="s3", root="s3://bucket", endpoint_url="http://127.0.0.1:1")
    assert options_of(bucket) == {"anon": True, "endpoint_url": "http://127.0.0.1:1"}
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "K")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "S")
    assert options_of(bucket)["anon"] is False


def test_a_container_without_credentials_is_public():
    container = Datastore(name="c", type="azure_blob", account_name="acc", container_name="c")
    assert options_of(container) == {"account_name": "acc", "account_host": "acc.blob.core.windows.net", "anon": True}


def test_options_of_other_stores_go_to_fsspec_as_they_are():
    assert options_of(Datastore(name="f", type="fsspec", root="ftp://host/x", options={"port": 21})) == {"port": 21}


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ({"type": "s3", "root": "s3://b", "credentials": "THE-SECRET"}, "must name a saved Prefect block, as aws-cred"),
        (
            {"type": "s3", "root": "s3://b", "credentials": {"account_key": "THE-SECRET"}},
            "secrets are not written here",
        ),
        (
            {"type": "fsspec", "root": "ftp://h", "options": {"password": "THE-SECRET"}},
            "options.password looks like",
        ),
        (
            {"type": "fsspec", "root": "ftp://me:THE-SECRET@h/x"},
            "root has a password in it; save a Prefect Secret",
        ),
        ({"type": "local", "root": "/x", "endpoint_url": "u"}, "a datastore of type local has no endpoint_url; it has"),
        ({"type": "s3", "root": "/x"}, "root is '/x'; with type s3 it must be s3://BUCKET/FOLDER"),
        ({"type": "azure_blob", "account_name": "a"}, "has an account_name and a container_name; give both"),
    ],
)
def test_a_datastore_that_cannot_be_is_refused_without_repeating_secrets(declared, said):
    from pydantic import ValidationError

    from blocks.problems import problems_in

    with pytest.raises(ValidationError) as raised:
        Datastore.model_validate({"name": "d", **declared})
    (problem,) = problems_in(Datastore, raised.value)
    assert said in problem.sentence
    assert "THE-SECRET" not in problem.sentence
