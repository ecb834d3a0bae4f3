"""What opens a datastore: fsspec options, made of its declaration and of the Prefect block that has its secrets.

Prefect is imported where it is needed: this is imported by commands that need no datastore, and it takes a second.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from blocks.errors import UnusableCredentials
from blocks.names import block_name
from blocks.specs import AzureCredentials, Datastore
from scoring.access import Access, grant
from scoring.storage import as_url

if TYPE_CHECKING:
    from prefect.blocks.core import Block
    from prefect.blocks.system import Secret

SECRET = "secret"  # noqa: S105 - the slug of Prefect's Secret block


def keep_secrets(datastore: Datastore) -> Datastore:
    """The datastore as it may be kept and shown: secrets written in it are in a Secret block, which it names."""
    if not isinstance(datastore.credentials, AzureCredentials):
        return datastore
    name = _secret_name(datastore)
    _secret_block()(value=datastore.credentials.model_dump(exclude_none=True)).save(name, overwrite=True)
    return datastore.model_copy(update={"credentials": f"{SECRET}/{name}"})


def forget_secrets(datastore: Datastore) -> None:
    """Delete the Secret block that keep_secrets() made for a datastore; one that the user made stays."""
    name = _secret_name(datastore)
    if datastore.credentials == f"{SECRET}/{name}":
        with suppress(ValueError):  # what Prefect raises for a block that is not there
            _secret_block().delete(name)


def options_of(datastore: Datastore) -> dict[str, Any]:
    """What fsspec is given to open a datastore; it may hold secrets.

    Raises: UnusableCredentials when the block it names is not there or holds something else.
    """
    if datastore.type == "s3":
        return _s3_options(datastore)
    if datastore.type == "azure_blob":
        return _azure_options(datastore)
    return {**datastore.options, **_secrets(datastore)}


def open_datastore(datastore: Datastore) -> None:
    """Have this process open what lies in a datastore. Raises: UnusableCredentials."""
    if datastore.type != "local":
        grant(Access(as_url(datastore.root), datastore.name, options_of(datastore)))


def load_block(datastore: Datastore) -> "Block | None":
    """The saved block that a datastore names for its credentials. Raises: UnusableCredentials."""
    if datastore.credentials is None:
        return None
    slug, _, name = str(datastore.credentials).partition("/")
    kind = _block_type(slug)
    try:
        found: Any = kind.load(name)
    except ValueError as error:  # what Prefect raises for a block that is not there
        reason = f"which is not there; save it first: {kind.__name__}(...).save({name!r})"
        raise UnusableCredentials(datastore.name, str(datastore.credentials), reason) from error
    return cast("Block", found)


def _block_type(slug: str) -> "type[Block]":
    if slug == SECRET:
        return _secret_block()
    from prefect_aws import AwsCredentials, MinIOCredentials

    kinds: dict[str, type[Block]] = {"aws-credentials": AwsCredentials, "minio-credentials": MinIOCredentials}
    return kinds[slug]


def _secret_block() -> "type[Secret[Any]]":
    from prefect.blocks.system import Secret

    return Secret


def _secret_name(datastore: Datastore) -> str:
    return f"datastore-{block_name(datastore.name)}"


def _secrets(datastore: Datastore) -> Mapping[str, Any]:
    block: Any = load_block(datastore)
    held = block.get() if block is not None else {}
    if not isinstance(held, Mapping):
        reason = "which must hold a mapping, as {account_key: ...}"
        raise UnusableCredentials(datastore.name, str(datastore.credentials), reason)
    return held


def _s3_options(datastore: Datastore) -> dict[str, Any]:
    block: Any = load_block(datastore)
    if block is None:
        address = {"endpoint_url": datastore.endpoint_url} if datastore.endpoint_url else {}
        return {**address, "anon": not _machine_has_credentials()}
    told = block.aws_client_parameters
    client = {"region_name": block.region_name, "verify": told.verify_cert_path or told.verify}
    options = {
        **_identity(block),
        "endpoint_url": datastore.endpoint_url or told.endpoint_url,
        "use_ssl": told.use_ssl,
        "client_kwargs": {key: value for key, value in client.items() if value is not None},
        "config_kwargs": told.config,
    }
    return {key: value for key, value in options.items() if value is not None}


def _machine_has_credentials() -> bool:
    """Whether AWS's own ways name somebody: variables, a file of the user's, or the machine's role."""
    from botocore.session import get_session

    return get_session().get_credentials() is not None


def _identity(block: Any) -> dict[str, Any]:
    """Who one is at the store: keys that are written down, a profile's name, or the keys that a role was lent."""
    if getattr(block, "profile_name", None):
        return {"profile": block.profile_name}
    found = block.get_boto3_session().get_credentials()
    if found is None:
        return {}
    keys = found.get_frozen_credentials()
    return {"key": keys.access_key, "secret": keys.secret_key, "token": keys.token}


def _azure_options(datastore: Datastore) -> dict[str, Any]:
    """A connection string: of all that adlfs takes it alone can name another address than Azure's own."""
    protocol = {"wasbs": "https", "wasb": "http"}.get(datastore.protocol, datastore.protocol)
    address = datastore.endpoint
    if "://" not in address:
        address = f"{protocol}://{datastore.account_name}.blob.{address}"
    secrets = _secrets(datastore)
    if not secrets:
        return {"account_name": datastore.account_name, "account_host": address.partition("://")[2], "anon": True}
    if key := secrets.get("account_key"):
        secret = f"AccountName={datastore.account_name};AccountKey={key}"
    elif token := secrets.get("sas_token"):
        secret = f"SharedAccessSignature={str(token).removeprefix('?')}"
    else:
        reason = "which must hold {account_key: ...} or {sas_token: ...}"
        raise UnusableCredentials(datastore.name, str(datastore.credentials), reason)
    return {"connection_string": f"BlobEndpoint={address};{secret}"}
