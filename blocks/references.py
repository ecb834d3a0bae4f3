"""Read references as Azure writes them, and find what they mean."""

import re
from dataclasses import dataclass
from typing import TypeVar

from blocks.errors import UnclearReference
from blocks.names import same_name
from blocks.specs import Asset, Compute, Data, Datastore, Environment, Model, Spec
from blocks.store import Store, not_registered

A = TypeVar("A", bound=Asset)

PREFIX = "azureml:"
COLLECTIONS: dict[type[Spec], str] = {
    Model: "models",
    Environment: "environments",
    Data: "data",
    Compute: "computes",
    Datastore: "datastores",
}
"""What Azure calls a kind of thing in its ids."""
# An id: /subscriptions/S/resourceGroups/G/providers/.../workspaces/W/models/NAME/versions/1, and its shorter kin.
IN_WORKSPACE = re.compile(
    r"/{1,2}(?:subscriptions|locations)/.+?/(?P<collection>[a-z]+)/(?P<name>[^/:@]+)"
    r"(?:/(?:versions/(?P<version>[^/]+)|labels/(?P<label>[^/]+)))?/?",
    re.IGNORECASE,
)
IN_REGISTRY = re.compile(r"//registries/.*", re.IGNORECASE)
CURATED = "azureml-"


@dataclass(frozen=True)
class AssetReference:
    """A versioned thing's name; no version means the one registered last."""

    name: str
    version: str | None

    def __str__(self) -> str:
        return f"{PREFIX}{self.name}:{self.version}" if self.version else f"{PREFIX}{self.name}@latest"


def parse_asset(text: str, kind: type[Asset] = Model) -> AssetReference:
    """Read azureml:NAME:VERSION, azureml:NAME@latest, either without azureml:, or an id of Azure's.

    Raises: UnclearReference.
    """
    bare = text.removeprefix(PREFIX)
    if IN_REGISTRY.fullmatch(bare):
        raise UnclearReference(
            f"{text!r} is in a registry of Azure's, which cannot be reached from here; {_instead(kind)}"
        )
    if found := IN_WORKSPACE.fullmatch(bare):
        _check_collection(text, found["collection"], kind)
        name, version, label = found["name"], found["version"], found["label"]
    else:
        name, colon, version = bare.removeprefix("/").partition(":")
        name, _, label = name.partition("@") if not colon else (name, "", "")
    if not name or not (version or label == "latest") or any(mark in f"{name}{version or ''}" for mark in "/@:"):
        raise UnclearReference(
            f"{text!r} names no version of {_a(kind)}; write azureml:NAME:VERSION, or azureml:NAME@latest for the "
            "newest"
        )
    return AssetReference(name, version or None)


def parse_resource(text: str, kind: type[Spec] = Compute) -> str:
    """Read azureml:NAME, NAME or an id of Azure's, as computes and datastores are referred to.

    Raises: UnclearReference.
    """
    name = text.removeprefix(PREFIX)
    if found := IN_WORKSPACE.fullmatch(name):
        _check_collection(text, found["collection"], kind)
        name = found["name"]
    if not name or any(mark in name for mark in ":/@"):
        raise UnclearReference(f"{text!r} is no reference to {_a(kind)}; write azureml:NAME or NAME")
    return name


def find_asset(store: Store, kind: type[A], reference: str) -> A:
    """The versioned thing that a reference means; archived versions are never the latest.

    Raises: UnclearReference, NotRegistered.
    """
    asset = parse_asset(reference, kind)
    if asset.version:
        return store.get(kind, asset.name, asset.version)
    versions = [each for each in store.list(kind) if same_name(each.name, asset.name)]
    active = [each for each in versions if not each.archived]
    if versions and not active:
        raise UnclearReference(
            f"every version of {kind.word} {versions[0].name!r} is archived; name one of them, or restore one"
        )
    if not active:
        raise not_registered(store, kind, (asset.name,))
    return active[-1]


def find_model(store: Store, reference: str) -> Model:
    """The model that a reference means. Raises: UnclearReference, NotRegistered."""
    return find_asset(store, Model, reference)


def find_compute(store: Store, reference: str) -> Compute:
    """The compute that a reference means. Raises: UnclearReference, NotRegistered."""
    return store.get(Compute, parse_resource(reference))


def find_environment(store: Store, reference: str) -> Environment:
    """The environment that a reference means.

    Raises: UnclearReference, also for those that Azure curates; NotRegistered.
    """
    if reference.removeprefix(PREFIX).lower().startswith(CURATED):
        raise UnclearReference(f"{reference!r} is curated by Azure, which is not supported; {_instead(Environment)}")
    return find_asset(store, Environment, reference)


def _check_collection(text: str, collection: str, kind: type[Spec]) -> None:
    if collection.lower() != COLLECTIONS[kind]:
        raise UnclearReference(f"{text!r} is one of {collection}, and {_a(kind)} is wanted; write azureml:NAME")


def _instead(kind: type[Spec]) -> str:
    if kind is Environment:
        return "write image and conda_file under environment:"
    return f"download it, and register it: batchpoint {COLLECTIONS[kind].removesuffix('s')} create"


def _a(kind: type[Spec]) -> str:
    return f"{'an' if kind.word[0] in 'aeiou' else 'a'} {kind.word}"
