"""Verbs that models, environments and data assets share: numbering, finding, archiving, deleting."""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import Literal, TypeVar

from blocks.errors import AlreadyRegistered
from blocks.names import same_name
from blocks.references import find_asset
from blocks.specs import Asset, Data, Environment, Model
from blocks.store import Store, not_registered
from deployments.service.errors import ConflictError, about
from deployments.service.lookup import users_of
from deployments.service.telling import Tell, nobody

A = TypeVar("A", bound=Asset)
Shown = Literal["active", "archived", "all"]
Keep = Callable[[A, ExitStack], A]

CONTENT: dict[type[Asset], tuple[str, ...]] = {
    Model: ("type", "digest"),
    Environment: ("digest",),
    Data: ("type", "path"),
}
"""What tells one version of a thing from another; a version never changes in these."""
DESCRIBING = ("description", "tags", "properties")


def _as_it_is(asset: A, undo: ExitStack) -> A:  # noqa: ARG001 - the shape of every Keep
    return asset


def register(store: Store, asset: A, keep: Keep[A] = _as_it_is, tell: Tell = nobody) -> A:
    """Register a version, numbered if need be; the newest version that has the same content stays what it is.

    Args:
        store: where it is registered.
        asset: what identifies its content is set.
        keep: called with the asset once name and version are known, to put away what belongs to it; what it pushes
            on the stack is undone when the version is not registered after all.
        tell: told when this content was registered before.
    Raises: ConflictError when the version exists with other content; AlreadyRegistered when somebody takes the same
        version at the same moment.
    """
    while True:
        versions = list_versions(store, type(asset), asset.name)
        if same := _same(versions, asset):
            tell(f"{same.word} {same.name!r} has this content already, as version {same.version}: nothing was added")
            return _described(store, same, asset)
        name = versions[0].name if versions else asset.name
        named = asset.model_copy(update={"name": name, "version": asset.version or _next(versions)})
        try:
            with ExitStack() as undo:
                kept = keep(named, undo)
                store.add(kept)
                undo.pop_all()
        except AlreadyRegistered:
            if asset.version is not None:
                raise
        else:
            _tell_of_older(kept, versions, tell)
            return kept


def show(store: Store, kind: type[A], name: str, version: str | None = None) -> A:
    """A thing in a version, or in its newest. Raises: NotRegistered."""
    return find_asset(store, kind, f"{name}:{version}" if version else f"{name}@latest")


def list_all(store: Store, kind: type[A], shown: Shown = "active") -> list[A]:
    """Every version of everything of a kind, by name, the first registered first."""
    return sorted(_of(store.list(kind), shown), key=lambda each: each.name.lower())


def list_versions(store: Store, kind: type[A], name: str, shown: Shown = "all") -> list[A]:
    """A thing's versions, the first registered first; none when there is no such thing."""
    return _of([each for each in store.list(kind) if same_name(each.name, name)], shown)


def archive(store: Store, kind: type[A], name: str, version: str | None = None, *, archived: bool = True) -> None:
    """Leave a version, or all of them, out of lists and of @latest; with `archived` false, take them in again.

    What refers to an archived version goes on as before. Raises: NotRegistered.
    """
    found = [store.get(kind, name, version)] if version else list_versions(store, kind, name)
    if not found:
        raise not_registered(store, kind, (name,))
    for each in found:
        if each.archived != archived:
            store.put(each.model_copy(update={"archived": archived}))


def chosen(store: Store, kind: type[A], name: str, version: str | None) -> A:
    """The version to delete, which may be left out when there is one only. Raises: NotRegistered; ConflictError."""
    versions = list_versions(store, kind, name)
    if version is None and len(versions) > 1:
        known = ", ".join(each.version or "" for each in versions)
        raise ConflictError(f"{kind.word} {name!r} has the versions {known}; say which to delete with --version")
    return (
        store.get(kind, name, version)
        if version
        else show(store, kind, name, versions[0].version if versions else None)
    )


def delete(store: Store, asset: Asset) -> None:
    """Forget a version. Raises: ConflictError when something refers to it, naming what does."""
    if named := ", ".join(users_of(store, asset)):
        raise ConflictError(
            f"{asset.word} {asset.name!r} version {asset.version!r} is used by {named}; delete or change that first"
        )
    store.delete(type(asset), *asset.key)


def _of(versions: list[A], shown: Shown) -> list[A]:
    return [each for each in versions if shown == "all" or each.archived == (shown == "archived")]


def _same(versions: list[A], asset: A) -> A | None:
    """The registered version that is this already."""
    if asset.version is None:
        newest = _of(versions, "active")[-1:]
        return newest[0] if newest and _content_of(newest[0]) == _content_of(asset) else None
    taken = next((each for each in versions if same_name(each.version or "", asset.version or "")), None)
    if taken is not None and _content_of(taken) != _content_of(asset):
        with about("version"):
            raise ConflictError(
                f"{taken.word} {taken.name!r} has a version {taken.version!r} with other content, and versions never "
                "change; give another --version, or none for the next one"
            )
    return taken


def _content_of(asset: Asset) -> list[object]:
    return [getattr(asset, field) for field in CONTENT[type(asset)]]


def _tell_of_older(asset: Asset, versions: Iterable[Asset], tell: Tell) -> None:
    for each in versions:
        if _content_of(each) == _content_of(asset):
            tell(f"{asset.word} {asset.name!r} version {asset.version} has the same content as version {each.version}")
            return


def _described(store: Store, registered: A, asset: A) -> A:
    """The registered version with what may change of it: how it is described."""
    given: dict[str, object] = {key: getattr(asset, key) for key in DESCRIBING if key in asset.model_fields_set}
    changed = registered.model_copy(update=given)
    if changed != registered:
        store.put(changed)
    return changed


def _next(versions: list[A]) -> str:
    numbers = [int(each.version) for each in versions if each.version and each.version.isdecimal()]
    return str(max(numbers, default=0) + 1)
