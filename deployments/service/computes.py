"""Every verb of computes."""

from contextlib import ExitStack

from blocks.names import same_name
from blocks.references import parse_resource
from blocks.specs import Compute, Deployment
from blocks.store import Store
from deployments.service.errors import ConflictError
from deployments.service.lookup import find, put
from deployments.service.registration import Launcher


def create(store: Store, launcher: Launcher, compute: Compute) -> Compute:
    """Register a compute, or change the one of its name, and bound the instances of all jobs on it together."""
    existing = find(store, Compute, compute.name)
    registered = compute.model_copy(update={"name": existing.name}) if existing else compute
    with ExitStack() as undo:
        put(store, registered, existing, undo)
        launcher.limit(registered)
        undo.pop_all()
    return registered


def show(store: Store, name: str) -> Compute:
    """A compute. Raises: NotRegistered."""
    return store.get(Compute, name)


def list_all(store: Store) -> list[Compute]:
    """Every compute, by name."""
    return sorted(store.list(Compute), key=lambda each: each.name.lower())


def delete(store: Store, launcher: Launcher, name: str) -> None:
    """Forget a compute and its bound. Raises: NotRegistered; ConflictError when deployments run on it."""
    compute = show(store, name)
    users = [each for each in store.list(Deployment) if same_name(parse_resource(each.compute), compute.name)]
    if users:
        named = ", ".join(f"{each.endpoint_name}/{each.name}" for each in users)
        raise ConflictError(f"compute {compute.name!r} is used by {named}; delete or move those deployments first")
    store.delete(Compute, compute.name)
    launcher.unlimit(compute.name)
