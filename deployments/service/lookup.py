"""What several verbs share: look-ups, and registering so that it can be taken back."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import TypeVar

from blocks.errors import NotRegistered, UnclearReference
from blocks.hooks import Hook
from blocks.names import same_name
from blocks.references import parse_asset
from blocks.schedules import Schedule
from blocks.specs import Asset, Data, Deployment, Environment, Model, Spec
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


def hooks_of(store: Store, endpoint: str) -> list[Hook]:
    """The hooks of an endpoint, the first registered first."""
    return [each for each in store.list(Hook) if same_name(each.endpoint_name, endpoint)]


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


def users_of(store: Store, asset: Asset) -> Iterator[str]:
    """What refers to a version: deployments as ENDPOINT/DEPLOYMENT, schedules by their names.

    A schedule that takes the latest version of a data asset refers to the only one there is.
    """
    for deployment in store.list(Deployment):
        if _means(_used_by(deployment, type(asset)), asset):
            yield f"{deployment.endpoint_name}/{deployment.name}"
    if isinstance(asset, Data):
        versions = [each for each in store.list(Data) if same_name(each.name, asset.name)]
        for schedule in store.list(Schedule):
            if _means(schedule.create_job.input, asset, is_only=len(versions) == 1):
                yield f"schedule {schedule.name}"


def _used_by(deployment: Deployment, kind: type[Asset]) -> object:
    return {Model: deployment.model, Environment: deployment.environment}.get(kind)


def _means(reference: object, asset: Asset, *, is_only: bool = False) -> bool:
    try:
        parsed = parse_asset(reference, type(asset)) if isinstance(reference, str) else None
    except UnclearReference:
        return False
    if parsed is None or not same_name(parsed.name, asset.name):
        return False
    return is_only if parsed.version is None else same_name(parsed.version, asset.version or "")
