"""Every verb of environments."""

import hashlib
import json
from datetime import UTC, datetime, timedelta

from blocks.recipes import left_out, recipe_of
from blocks.references import find_environment
from blocks.specs import Deployment, Environment
from blocks.store import Store
from deployments.service import assets
from deployments.service.telling import Tell, nobody
from scoring.environments import built
from scoring.environments.built import Built
from scoring.environments.errors import PythonMissingError
from scoring.environments.use import build

CONTENT = {"image", "conda_file", "requirements", "python", "installer", "os_type"}


def create(store: Store, environment: Environment, tell: Tell = nobody) -> Environment:
    """Register an environment; versions never change. What of it is not installed is told.

    Without a version it gets the next whole number, or stays the newest version where that says the same.
    Raises: ConflictError when the version exists and says something else.
    """
    said = json.dumps(environment.model_dump(mode="json", include=CONTENT), sort_keys=True)
    digest = hashlib.sha256(said.encode()).hexdigest()
    tell_what_is_left_out(environment, tell)
    return assets.register(store, environment.model_copy(update={"digest": digest}), tell=tell)


def delete(store: Store, name: str, version: str | None = None) -> None:
    """Forget an environment's version; it may be left out when there is one only.

    Raises: NotRegistered; ConflictError when deployments use it, or when it is not clear which version is meant.
    """
    assets.delete(store, assets.chosen(store, Environment, name, version))


def prepare(environment: Environment, tell: Tell = nobody) -> Built | None:
    """Have an environment built on this machine; None where nothing is to be built.

    Raises: EnvironmentUnusableError.
    """
    return build(recipe_of(environment), label(environment), tell)


def built_of(environment: Environment) -> Built | None:
    """What of an environment is built on this machine, if it is."""
    recipe = recipe_of(environment)
    try:
        return built.read(recipe.digest()) if recipe.is_built else None
    except PythonMissingError:
        return None


def prune(store: Store, *, unused: timedelta = timedelta(0), keep: int = 0, tell: Tell = nobody) -> list[Built]:
    """Remove built environments from this machine that no deployment registered here and no running job uses.

    Args:
        store: that has the deployments.
        unused: only those that no job used for so long.
        keep: bytes that all of them may go on to take; those longest unused go first.
        tell: told which one a job uses.
    Returns: what was removed.
    """
    needed = {found.digest for each in store.list(Deployment) if (found := _built_for(store, each)) is not None}
    there, removed = built.read_all(), []
    total = sum(each.bytes for each in there)
    for each in there:
        if each.digest in needed or datetime.now(UTC) - each.used < unused or (keep and total <= keep):
            continue
        if built.remove(each.digest):
            removed.append(each)
            total -= each.bytes
        else:
            tell(f"{each.label} in {each.path} is used by a job, and stays")
    return removed


def _built_for(store: Store, deployment: Deployment) -> Built | None:
    if deployment.environment is None:
        return None
    assert isinstance(deployment.environment, str), "an inline environment is registered before its deployment is"
    return built_of(find_environment(store, deployment.environment))


def tell_what_is_left_out(environment: Environment, tell: Tell) -> None:
    """Say which packages of an environment are not installed, if any."""
    if names := left_out(environment):
        tell(f"{', '.join(names)}: of use in Azure only, and not installed")


def is_built(environment: Environment) -> bool:
    """Whether an environment has packages to install; else it is an interpreter as it is."""
    return recipe_of(environment).is_built


def label(environment: Environment) -> str:
    """What messages call an environment."""
    return f"environment {environment.name} {environment.version or ''}".rstrip()
