"""Every verb of data assets."""

from pathlib import Path

from blocks.specs import Data, Datastore
from blocks.store import Store
from deployments.service import assets, uploads
from deployments.service.datastores import ensure_default_datastore
from deployments.service.errors import UnusableError, about
from deployments.service.telling import Tell, nobody
from flows.paths import IN_DATASTORE

UPLOADS = "LocalUpload"


def create(store: Store, data: Data, tell: Tell = nobody) -> Data:
    """Register a data asset; versions never change. A local path is copied to the default datastore, once.

    Without a version it gets the next whole number, or stays the newest version where that has the same content.
    Raises: UnusableError for a path that is not there or not of its type; NotRegistered for a datastore that is not;
        ConflictError when the version exists with other content.
    """
    with about("path"):
        path = _kept_path(store, data)
    return assets.register(store, data.model_copy(update={"path": path}), tell=tell)


def delete(store: Store, name: str, version: str | None = None) -> None:
    """Forget a data asset's version; the files stay. The version may be left out when there is one only.

    Raises: NotRegistered; ConflictError when schedules send it, or when it is not clear which version is meant.
    """
    assets.delete(store, assets.chosen(store, Data, name, version))


def _kept_path(store: Store, data: Data) -> str:
    """Where the files will be found by jobs."""
    if found := IN_DATASTORE.match(data.path):
        store.get(Datastore, found["store"])
        return data.path
    if data.path.startswith("azureml:"):
        raise UnusableError(
            f"path {data.path} is no place for a data asset; give azureml://datastores/NAME/paths/PATH, a URL, or a "
            "local path"
        )
    return data.path if "://" in data.path else _uploaded(store, Path(data.path), data.type)


def _uploaded(store: Store, source: Path, kind: str) -> str:
    if source.exists() and source.is_file() != (kind == "uri_file"):
        is_, wanted = ("a file", "uri_file") if source.is_file() else ("a folder", "uri_folder")
        raise UnusableError(f"path {source} is {is_}, and type is {kind}; give --type {wanted}")
    return upload(store, source, "path")


def is_upload(path: str) -> bool:
    """Whether a path is that of a copy in the default datastore."""
    found = IN_DATASTORE.match(path)
    return found is not None and (found["path"] or "").startswith(f"/{UPLOADS}/")


def upload(store: Store, source: Path, what: str) -> str:
    """Copy a file or folder to the default datastore, unless its content is there; where it is, as azureml://...

    Args:
        store: where the datastore is registered.
        source: the file or folder; of a folder what its ignore file names stays behind.
        what: what to call it in errors.
    Raises: UnusableError.
    """
    content = uploads.named_content(source, what)
    datastore = ensure_default_datastore(store)
    uploads.put(content, uploads.local_root(datastore) / UPLOADS / content.digest)
    return f"azureml://datastores/{datastore.name}/paths/{UPLOADS}/{content.digest}/{source.name}"
