"""Every verb of models."""

from pathlib import Path

from filelock import FileLock

from blocks.errors import BlockError
from blocks.names import same_name
from blocks.references import find_model
from blocks.specs import Deployment, Model
from blocks.store import Store
from deployments.service import uploads
from deployments.service.datastores import ensure_default_datastore
from deployments.service.errors import ConflictError, UnusableError
from flows.paths import resolve_url

DESCRIBING = ("description", "tags", "properties")


def create(store: Store, model: Model) -> Model:
    """Copy a model into the default datastore and register it; versions never change.

    Without a version it gets the next whole number, or stays the newest version where that has the same content.
    Its copy lies alone in a folder of its own, which is the registered path.
    Raises: UnusableError for a path that is not there; ConflictError when the version exists with other content.
    """
    content = uploads.model_content(_source(store, model))
    folder = _folder(store)
    with FileLock(folder / f".{model.name.lower()}.lock"):
        versions = list_versions(store, model.name)
        if same := _same(versions, model, content.digest):
            return _described(store, same, model)
        name = versions[0].name if versions else model.name
        version = model.version or _next(versions)
        target = folder / name / version
        uploads.remove(target)  # nothing is registered there: what is left of an upload that was cut off
        registered = model.model_copy(
            update={"name": name, "version": version, "path": str(target), "digest": content.digest}
        )
        uploads.put(content, target)
        try:
            store.put(registered)
        except BaseException:
            uploads.remove(target)
            raise
    return registered


def show(store: Store, name: str, version: str | None = None) -> Model:
    """A model in a version, or in its newest. Raises: NotRegistered."""
    return find_model(store, f"{name}:{version}" if version else f"{name}@latest")


def list_all(store: Store) -> list[Model]:
    """Every version of every model, by name, the first registered first."""
    return sorted(store.list(Model), key=lambda each: each.name.lower())


def list_versions(store: Store, name: str) -> list[Model]:
    """A model's versions, the first registered first; none when there is no such model."""
    return [each for each in store.list(Model) if same_name(each.name, name)]


def delete(store: Store, name: str, version: str | None = None) -> None:
    """Forget a model's version and remove its copy; the version may be left out when there is one only.

    Raises: NotRegistered; ConflictError when deployments use it, or when it is not clear which version is meant.
    """
    versions = list_versions(store, name)
    if version is None and len(versions) > 1:
        known = ", ".join(each.version or "" for each in versions)
        raise ConflictError(f"model {name!r} has the versions {known}; say which to delete with --version")
    model = show(store, name, version)
    users = [each for each in store.list(Deployment) if _uses(store, each, model)]
    if users:
        named = ", ".join(f"{each.endpoint_name}/{each.name}" for each in users)
        raise ConflictError(
            f"model {model.name!r} version {model.version!r} is used by {named}; "
            "delete or change those deployments first"
        )
    store.delete(Model, *model.key)
    copy = _folder(store) / model.key[0] / model.key[1]
    if Path(model.path) == copy:  # a path edited by hand may be anything, so nothing else is removed
        uploads.remove(copy)


def _folder(store: Store) -> Path:
    folder = uploads.local_root(ensure_default_datastore(store)) / "models"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _source(store: Store, model: Model) -> Path:
    path = resolve_url(store, model.path)
    if "://" in path:
        raise UnusableError(f"model path {path} is not on this machine; download it and give its local path")
    return Path(path)


def _same(versions: list[Model], model: Model, digest: str) -> Model | None:
    """The registered version that is this model already."""
    if model.version is None:
        return versions[-1] if versions and versions[-1].digest == digest else None
    taken = next((each for each in versions if same_name(each.version or "", model.version)), None)
    if taken is not None and taken.digest != digest:
        raise ConflictError(
            f"model {taken.name!r} has a version {taken.version!r} with other content, and versions never change; "
            "give another --version, or none for the next one"
        )
    return taken


def _described(store: Store, registered: Model, model: Model) -> Model:
    """The registered version with what may change of it: how it is described."""
    given: dict[str, object] = {key: getattr(model, key) for key in DESCRIBING if key in model.model_fields_set}
    changed = registered.model_copy(update=given)
    if changed != registered:
        store.put(changed)
    return changed


def _next(versions: list[Model]) -> str:
    numbers = [int(each.version) for each in versions if each.version and each.version.isdecimal()]
    return str(max(numbers, default=0) + 1)


def _uses(store: Store, deployment: Deployment, model: Model) -> bool:
    if not isinstance(deployment.model, str):
        return False
    try:
        return find_model(store, deployment.model).key == model.key
    except BlockError:
        return False
