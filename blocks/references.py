"""Read references as Azure writes them, and find what they mean."""

from dataclasses import dataclass

from blocks.errors import UnclearReference
from blocks.names import same_name
from blocks.specs import Compute, Model
from blocks.store import Store, not_registered

PREFIX = "azureml:"


@dataclass(frozen=True)
class AssetReference:
    """A versioned thing's name; no version means the one registered last."""

    name: str
    version: str | None

    def __str__(self) -> str:
        return f"{PREFIX}{self.name}:{self.version}" if self.version else f"{PREFIX}{self.name}@latest"


def parse_asset(text: str) -> AssetReference:
    """Read azureml:NAME:VERSION, azureml:NAME@latest, or either without azureml:.

    Raises: UnclearReference.
    """
    bare = text.removeprefix(PREFIX)
    name, colon, version = bare.partition(":")
    if not colon:
        name, at, label = bare.partition("@")
        if at and label == "latest":
            return AssetReference(name, None)
    if not name or not version or any(mark in bare for mark in "/@"):
        raise UnclearReference(
            f"{text!r} names no model version; write azureml:NAME:VERSION, or azureml:NAME@latest for the newest"
        )
    return AssetReference(name, version)


def parse_resource(text: str) -> str:
    """Read azureml:NAME or NAME, as computes and datastores are referred to.

    Raises: UnclearReference.
    """
    name = text.removeprefix(PREFIX)
    if not name or any(mark in name for mark in ":/@"):
        raise UnclearReference(f"{text!r} is no reference; write azureml:NAME or NAME")
    return name


def find_model(store: Store, reference: str) -> Model:
    """The model that a reference means. Raises: UnclearReference, NotRegistered."""
    asset = parse_asset(reference)
    if asset.version:
        return store.get(Model, asset.name, asset.version)
    versions = [model for model in store.list(Model) if same_name(model.name, asset.name)]
    if not versions:
        raise not_registered(store, Model, (asset.name,))
    return versions[-1]


def find_compute(store: Store, reference: str) -> Compute:
    """The compute that a reference means. Raises: UnclearReference, NotRegistered."""
    return store.get(Compute, parse_resource(reference))
