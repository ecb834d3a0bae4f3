"""What several verbs share: look-ups, and registering so that it can be taken back."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import TypeVar

from blocks.errors import NotRegistered, UnclearReference
from blocks.names import block_name, same_name
from blocks.references import parse_asset
from blocks.schedules import Schedule
from blocks.specs import Asset, Deployment, Environment, Model, Spec
from blocks.store import Store

S = TypeVar("S", bound=Spec)


def find(store: Store, kind: type[S], *name: str) -> S | None:
    """The one registered under this name, if there is one."""
    try:
        return store.get(kind, *name)
    except NotRegistered:
        return None


def deployments_of(store: Store, endpoint: str) -> list[Deployment]:
    """An endpoint's deployments, the first registered first."""
    return [each for each in store.list(Deployment) if same_name(each.endpoint_name, endpoint)]


def schedules_of(store: Store, endpoint: str) -> list[Schedule]:
    """The schedules that send jobs to an endpoint."""
    return [each for each in store.list(Schedule) if same_name(each.create_job.endpoint_name, endpoint)]


def put(store: Store, spec: Spec, existing: Spec | None, undo: ExitStack) -> None:
    """Register a spec; when `undo` is closed, what was there before is there again.

    Raises: AlreadyRegistered when nothing was there, and by now somebody else has taken the name.
    """
    if existing is None:
        store.add(spec)
        undo.callback(store.delete, type(spec), *spec.key)
    else:
        store.put(spec)
        undo.callback(store.put, existing)


def users_of(deployments: Iterable[Deployment], asset: Model | Environment) -> Iterator[str]:
    """The deployments that refer to a version of a model or an environment, as ENDPOINT/DEPLOYMENT."""
    for each in deployments:
        reference = each.model if isinstance(asset, Model) else each.environment
        if isinstance(reference, str) and _means(reference, asset):
            yield f"{each.endpoint_name}/{each.name}"


def _means(reference: str, asset: Asset) -> bool:
    try:
        parsed = parse_asset(reference, type(asset))
    except UnclearReference:
        return False
    return block_name(parsed.name, parsed.version or "") == block_name(*asset.key)
