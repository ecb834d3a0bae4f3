"""What several verbs share: look-ups, and registering so that it can be taken back."""

from contextlib import ExitStack
from typing import TypeVar

from blocks.errors import NotRegistered
from blocks.names import same_name
from blocks.specs import Deployment, Spec
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


def put(store: Store, spec: Spec, existing: Spec | None, undo: ExitStack) -> None:
    """Register a spec; when `undo` is closed, what was there before is there again."""
    store.put(spec)
    if existing is None:
        undo.callback(store.delete, type(spec), *spec.key)
    else:
        undo.callback(store.put, existing)
