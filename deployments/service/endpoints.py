"""Every verb of endpoints."""

from contextlib import ExitStack

from blocks.errors import NotRegistered
from blocks.names import same_name
from blocks.schedules import Schedule
from blocks.specs import Defaults, Deployment, Endpoint
from blocks.store import Store
from deployments.service import datastores, hooks
from deployments.service.errors import about
from deployments.service.lookup import deployments_of, find, hooks_of, put, schedules_of
from deployments.service.registration import Launcher, prefect_deployment


def create(store: Store, launcher: Launcher, endpoint: Endpoint) -> Endpoint:
    """Register an endpoint, or change the one of its name, whose default stays unless another is declared.

    Raises: NotRegistered when the default is no deployment of it, or its datastore is not there.
    """
    if endpoint.datastore is not None:
        with about("datastore"):
            datastores.show(store, endpoint.datastore)
    existing = find(store, Endpoint, endpoint.name)
    if existing is not None:
        kept = {} if "defaults" in endpoint.model_fields_set else {"defaults": existing.defaults}
        endpoint = endpoint.model_copy(update={"name": existing.name, **kept})
    endpoint = _with_known_default(store, endpoint)
    with ExitStack() as undo:
        put(store, endpoint, existing, undo)
        register(store, launcher, endpoint)
        undo.pop_all()
    return endpoint


def update(store: Store, launcher: Launcher, endpoint: Endpoint) -> Endpoint:
    """Change an endpoint that is there. Raises: NotRegistered, for the endpoint or for its default."""
    show(store, endpoint.name)
    return create(store, launcher, endpoint)


def show(store: Store, name: str) -> Endpoint:
    """An endpoint. Raises: NotRegistered."""
    return store.get(Endpoint, name)


def list_all(store: Store) -> list[Endpoint]:
    """Every endpoint, by name."""
    return sorted(store.list(Endpoint), key=lambda each: each.name.lower())


def delete(store: Store, launcher: Launcher, name: str) -> None:
    """Forget an endpoint, its deployments, schedules and hooks; its jobs stay. Raises: NotRegistered."""
    endpoint = show(store, name)
    launcher.unregister(endpoint.name)
    for hook in hooks_of(store, endpoint.name):
        hooks.delete(store, launcher, hook.name)
    for schedule in schedules_of(store, endpoint.name):
        store.delete(Schedule, *schedule.key)
    for deployment in deployments_of(store, endpoint.name):
        store.delete(Deployment, *deployment.key)
    store.delete(Endpoint, endpoint.name)


def register(store: Store, launcher: Launcher, endpoint: Endpoint) -> None:
    """Tell Prefect of an endpoint as it now is, with the deployments it now has."""
    launcher.register(prefect_deployment(endpoint, deployments_of(store, endpoint.name)))


def _with_known_default(store: Store, endpoint: Endpoint) -> Endpoint:
    """The endpoint, its default spelled as the deployment is."""
    default = endpoint.defaults.deployment_name
    if default is None:
        return endpoint
    known = [each.name for each in deployments_of(store, endpoint.name)]
    for name in known:
        if same_name(name, default):
            return endpoint.model_copy(update={"defaults": Defaults(deployment_name=name)})
    with about("defaults", "deployment_name"):
        raise NotRegistered(Deployment.word, (endpoint.name, default), tuple(known))
