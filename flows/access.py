"""Opening datastores in this process: scoring is told how, before it looks at what lies in them."""

from collections.abc import Iterable

from blocks.credentials import open_datastore
from blocks.specs import Datastore
from blocks.store import Store
from scoring.access import lies_in
from scoring.storage import as_url


def open_datastores(store: Store, names: Iterable[str]) -> None:
    """Have this process open datastores. Raises: NotRegistered, UnusableCredentials."""
    for name in names:
        open_datastore(store.get(Datastore, name))


def open_urls(store: Store, *urls: str) -> tuple[str, ...]:
    """Have this process open the datastores that URLs lie in; their names. Raises: UnusableCredentials."""
    remote = [url for url in urls if "://" in url]
    if not remote:
        return ()
    found = [each for each in store.list(Datastore) if any(lies_in(url, as_url(each.root)) for url in remote)]
    for each in found:
        open_datastore(each)
    return tuple(each.name for each in found)
