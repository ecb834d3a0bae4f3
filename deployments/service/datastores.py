"""Every verb of datastores."""

from pathlib import Path

from blocks.names import same_name
from blocks.specs import Data, Datastore
from blocks.store import Store
from deployments.embedded.home import home
from deployments.service.errors import ConflictError, UnusableError, about
from deployments.service.lookup import find
from deployments.service.uploads import local_root
from flows.paths import DEFAULT_DATASTORE, IN_DATASTORE


def create(store: Store, datastore: Datastore) -> Datastore:
    """Register a datastore, in place of the one of its name; its folder is made if need be.

    Raises: UnusableError when the folder cannot be made.
    """
    with about("root"):
        root = local_root(datastore)
        _make(root)
    existing = find(store, Datastore, datastore.name)
    registered = datastore.model_copy(update={"root": str(root), "name": existing.name if existing else datastore.name})
    store.put(registered)
    return registered


def show(store: Store, name: str) -> Datastore:
    """A datastore; the default one is always there. Raises: NotRegistered."""
    if same_name(name, DEFAULT_DATASTORE):
        return ensure_default_datastore(store)
    return store.get(Datastore, name)


def list_all(store: Store) -> list[Datastore]:
    """Every datastore, by name; the default one is always there."""
    ensure_default_datastore(store)
    return sorted(store.list(Datastore), key=lambda each: each.name.lower())


def delete(store: Store, name: str) -> None:
    """Forget a datastore; its files stay.

    Raises: NotRegistered; ConflictError for the default one, and where data assets lie in it.
    """
    datastore = show(store, name)
    if same_name(datastore.name, DEFAULT_DATASTORE):
        raise ConflictError(f"datastore {datastore.name!r} holds models, code and jobs, and cannot be deleted")
    users = [f"{each.name}:{each.version}" for each in store.list(Data) if _lies_in(each.path, datastore)]
    if users:
        raise ConflictError(
            f"datastore {datastore.name!r} holds the data assets {', '.join(users)}; delete those first: "
            "batchpoint data delete"
        )
    store.delete(Datastore, datastore.name)


def _lies_in(path: str, datastore: Datastore) -> bool:
    found = IN_DATASTORE.match(path)
    return found is not None and same_name(found["store"], datastore.name)


def ensure_default_datastore(store: Store) -> Datastore:
    """The datastore that holds models, code and jobs; registered when it is first used."""
    existing = find(store, Datastore, DEFAULT_DATASTORE)
    if existing is not None:
        return existing
    root = home() / "datastores" / DEFAULT_DATASTORE
    return create(store, Datastore(name=DEFAULT_DATASTORE, root=str(root), description="Models, code and jobs."))


def _make(root: Path) -> None:
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnusableError(
            f"datastore root {root} cannot be made: {error.strerror}; give a folder that you may write"
        ) from error
