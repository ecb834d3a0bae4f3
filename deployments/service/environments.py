"""Every verb of environments."""

import hashlib
import json
import sys

from blocks.specs import Environment
from blocks.store import Store
from deployments.service import assets
from deployments.service.telling import Tell, nobody

CONTENT = {"image", "conda_file", "os_type"}


def create(store: Store, environment: Environment, tell: Tell = nobody) -> Environment:
    """Register an environment; versions never change.

    Without a version it gets the next whole number, or stays the newest version where that says the same.
    Raises: ConflictError when the version exists and says something else.
    """
    said = json.dumps(environment.model_dump(mode="json", include=CONTENT), sort_keys=True)
    digest = hashlib.sha256(said.encode()).hexdigest()
    return assets.register(store, environment.model_copy(update={"digest": digest}), tell=tell)


def delete(store: Store, name: str, version: str | None = None) -> None:
    """Forget an environment's version; it may be left out when there is one only.

    Raises: NotRegistered; ConflictError when deployments use it, or when it is not clear which version is meant.
    """
    assets.delete(store, assets.chosen(store, Environment, name, version))


def where_scripts_run(environment: Environment) -> str:
    """What to know of a deployment that has an environment."""
    return (
        f"environment {environment.name} {environment.version} is registered but not built: "
        f"scripts run with {sys.executable}"
    )
