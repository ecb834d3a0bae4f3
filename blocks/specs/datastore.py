"""Datastores as declared."""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from blocks.specs.base import DESCRIPTION, TAGS, AssetName, Part, Spec, TextMap, as_any_of, written_as

CLOUD = "core.windows.net"
REFERENCE = re.compile(r"(?P<kind>[a-z][a-z0-9-]*)/(?P<name>[a-z0-9][a-z0-9-]*)")
KEYS_OF = {
    "local": (),
    "s3": ("credentials", "endpoint_url"),
    "azure_blob": ("credentials", "account_name", "container_name", "endpoint", "protocol"),
    "fsspec": ("credentials", "options"),
}
CREDENTIALS_OF = {
    "s3": ("aws-credentials", "minio-credentials"),
    "azure_blob": ("secret",),
    "fsspec": ("secret",),
}
"""The slugs of the Prefect blocks that may hold the credentials of a datastore, by its type."""
SECRET = re.compile(r"key|secret|token|password|passwd|credential|connection_string|signature|^sas", re.IGNORECASE)


class AzureCredentials(Part):
    """A key of an Azure storage account, or a token for some of it; kept in a Prefect Secret block."""

    account_key: str | None = Field(None, min_length=1, description="The storage account's key.", repr=False)
    sas_token: str | None = Field(None, min_length=1, description="A shared access signature.", repr=False)

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.account_key is None) == (self.sas_token is None):
            raise ValueError("give either account_key or sas_token; leave credentials out for a public container")
        return self


CredentialsOrReference = Annotated[
    Annotated[str, Tag("<reference>")] | Annotated[AzureCredentials, Tag("<inline>")], Discriminator(written_as)
]


class Datastore(Spec):
    """A name for a place where files are kept."""

    word = "datastore"

    name: AssetName = Field(description="The datastore's name.")
    type: Literal["local", "s3", "azure_blob", "fsspec"] = Field(
        "local",
        description="What it is: local is a folder, s3 a bucket of S3 or of a store that speaks it, azure_blob a "
        "container of Azure Blob Storage, fsspec any URL that an installed fsspec package opens.",
    )
    root: str = Field(
        "",
        description="The folder, as a path or a URL; everything kept in it lies below. An azure_blob has "
        "az://CONTAINER when it is left out.",
        examples=["/data/shared", "s3://bucket/prefix"],
    )
    description: str = Field("", description=DESCRIPTION)
    tags: TextMap = Field(default_factory=dict, description=TAGS)
    credentials: CredentialsOrReference | None = Field(
        None,
        description="The Prefect block with the credentials, as SLUG/NAME: aws-credentials or minio-credentials for "
        "s3, else secret. An azure_blob may have account_key or sas_token here: they are put into a Secret block.",
        examples=["aws-credentials/prod", "minio-credentials/lab", "secret/ftp-options"],
        json_schema_extra=as_any_of,
    )
    endpoint_url: str | None = Field(
        None,
        min_length=1,
        description="Where a store listens that speaks S3 and is not Amazon's, as https://HOST:PORT.",
    )
    account_name: str | None = Field(None, min_length=1, description="The Azure storage account.")
    container_name: str | None = Field(None, min_length=1, description="The container in the storage account.")
    endpoint: str = Field(
        CLOUD,
        description="The cloud that the storage account is in; or the account's own address, as https://HOST/ACCOUNT.",
    )
    protocol: Literal["https", "http", "wasbs", "wasb"] = Field(
        "https", description="How the account is spoken to; wasbs is taken as https, wasb as http."
    )
    options: dict[str, Any] = Field(
        default_factory=dict,
        description="What the fsspec package is given, but no secrets: those go into a Secret block that holds a "
        "mapping, named under credentials.",
    )

    @property
    def key(self) -> tuple[str, ...]:
        return (self.name,)

    @property
    def place(self) -> tuple[str | None, ...]:
        """What tells its root from the same URL at another server."""
        return self.endpoint_url, self.account_name, self.endpoint

    @model_validator(mode="before")
    @classmethod
    def _azure_root(cls, data: Any) -> Any:
        if isinstance(data, dict) and data.get("type") == "azure_blob" and not data.get("root"):
            return {**data, "root": f"az://{data.get('container_name', '')}"}
        return data

    @model_validator(mode="after")
    def _keys_of_its_type(self) -> Self:
        own = KEYS_OF[self.type]
        others = {key for keys in KEYS_OF.values() for key in keys} - {*own}
        given = sorted(key for key in others if getattr(self, key) != _default_of(key))
        if given:
            raise ValueError(f"a datastore of type {self.type} has no {given[0]}; it has {', '.join(('root', *own))}")
        return self

    @model_validator(mode="after")
    def _root_of_its_type(self) -> Self:
        wanted = {"s3": "s3://", "azure_blob": "az://"}.get(self.type)
        if self.type == "azure_blob" and not (self.account_name and self.container_name):
            raise ValueError("a datastore of type azure_blob has an account_name and a container_name; give both")
        if not self.root:
            raise ValueError("root is missing: the folder, as a path or a URL; everything kept in it lies below")
        if wanted and not re.match(rf"{wanted}[^/]", self.root):
            container = "BUCKET" if self.type == "s3" else "CONTAINER"
            raise ValueError(f"root is {self.root!r}; with type {self.type} it must be {wanted}{container}/FOLDER")
        if self.type == "azure_blob" and not f"{self.root}/".startswith(f"az://{self.container_name}/"):
            raise ValueError(f"root is {self.root!r}, which is not in container_name {self.container_name!r}")
        if re.match(r"[^/]+://[^/@]*:[^/@]*@", self.root):
            raise ValueError(
                "root has a password in it; save a Prefect Secret block that holds {username: ..., password: ...}, and "
                "name it: credentials: secret/NAME"
            )
        if self.type == "fsspec" and "://" not in self.root:
            raise ValueError(f"root is {self.root!r}; with type fsspec it must be a URL, as ftp://HOST/FOLDER")
        return self

    @model_validator(mode="after")
    def _credentials_of_its_type(self) -> Self:
        if isinstance(self.credentials, AzureCredentials):
            if self.type != "azure_blob":
                raise ValueError("secrets are not written here; save a Prefect block and name it as SLUG/NAME")
        elif self.credentials is not None and self.type != "local":
            found, slugs = REFERENCE.fullmatch(self.credentials), CREDENTIALS_OF[self.type]
            if found is None or found["kind"] not in slugs:
                raise ValueError(
                    f"credentials must name a saved Prefect block, as {' or '.join(f'{slug}/NAME' for slug in slugs)}"
                )
        return self

    @model_validator(mode="after")
    def _no_secrets_in_options(self) -> Self:
        secret = next((key for key in self.options if SECRET.search(key)), None)
        if secret is not None:
            raise ValueError(
                f"options.{secret} looks like a secret; save a Prefect Secret block that holds the mapping "
                f"{{{secret}: ...}}, and name it: credentials: secret/NAME"
            )
        return self


def _default_of(key: str) -> object:
    return Datastore.model_fields[key].get_default(call_default_factory=True)
