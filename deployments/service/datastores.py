"""Every verb of datastores."""

from fsspec import get_filesystem_class

from blocks.credentials import forget_secrets, keep_secrets, options_of
from blocks.names import same_name
from blocks.specs import Data, Datastore, Endpoint
from blocks.store import Store
from deployments.embedded.home import home
from deployments.service.errors import ConflictError, UnusableError, about
from deployments.service.lookup import find
from deployments.service.uploads import local_root
from flows.paths import DEFAULT_DATASTORE, IN_DATASTORE
from scoring.access import lies_in
from scoring.storage import as_url


def create(store: Store, datastore: Datastore) -> Datastore:
    """Register a datastore, in place of the one of its name.

    A local one's folder is made if need be. Secrets that are written in it are put into a Prefect Secret block.
    Raises: UnusableError for a folder that cannot be made, a package that is not installed, and for a default
        datastore that is no folder; UnusableCredentials; ConflictError when its root is that of another.
    """
    existing = find(store, Datastore, datastore.name)
    named = datastore.model_copy(update={"name": existing.name if existing else datastore.name})
    with about("root"):
        placed = _as_folder(named) if named.type == "local" else _as_store(store, named)
    with about("credentials"):
        registered = keep_secrets(placed)
        options_of(registered)
    store.put(registered)
    if existing is not None and existing.credentials != registered.credentials:
        forget_secrets(existing)
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

    Raises: NotRegistered; ConflictError for the default one, and where data assets or the jobs of endpoints lie in it.
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
    endpoints = [each.name for each in store.list(Endpoint) if same_name(each.datastore or "", datastore.name)]
    if endpoints:
        raise ConflictError(
            f"datastore {datastore.name!r} holds the jobs of endpoint {endpoints[0]!r}; give that another one first: "
            f"batchpoint batch-endpoint update --name {endpoints[0]} --set datastore=NAME"
        )
    store.delete(Datastore, datastore.name)
    forget_secrets(datastore)


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


def _as_folder(datastore: Datastore) -> Datastore:
    root = local_root(datastore)
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnusableError(
            f"datastore root {root} cannot be made: {error.strerror}; give a folder that you may write"
        ) from error
    return datastore.model_copy(update={"root": str(root)})


def _as_store(store: Store, datastore: Datastore) -> Datastore:
    root = as_url(datastore.root)
    if same_name(datastore.name, DEFAULT_DATASTORE):
        raise UnusableError(
            f"root {root} is no folder, and scoring processes read models and code as files, which are kept in "
            f"{DEFAULT_DATASTORE}; give the store another name"
        )
    try:
        get_filesystem_class(root.partition("://")[0])
    except (ImportError, ValueError) as error:
        extra = "; install it: pip install 'batchpoint[azure]'" if datastore.type == "azure_blob" else ""
        raise UnusableError(f"root {root} cannot be opened here: {error}{extra}") from error
    for other in store.list(Datastore):
        if not same_name(other.name, datastore.name) and _are_confused(other, datastore, root):
            raise ConflictError(
                f"root {root} cannot be told from that of datastore {other.name!r}, {other.root}, which is elsewhere "
                "or has other credentials; give a folder of its own in the store, or delete the other"
            )
    return datastore.model_copy(update={"root": root})


def _are_confused(one: Datastore, other: Datastore, root: str) -> bool:
    """Whether a URL would not tell which of two datastores is meant: the longest root that it lies in decides."""
    is_within = lies_in(root, one.root) or lies_in(one.root, root)
    return one.root == root or (is_within and one.place != other.place)
