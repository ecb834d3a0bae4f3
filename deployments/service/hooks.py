"""Every verb of hooks: events that make jobs, and word of jobs that have ended."""

import base64
import binascii
import secrets
from contextlib import ExitStack
from dataclasses import dataclass

from blocks.hooks import Hook
from blocks.names import hook_secret, same_name
from blocks.secrets import Secrets
from blocks.specs import Endpoint
from blocks.store import Store
from deployments.service.errors import ConflictError, UnusableError, about
from deployments.service.lookup import find, put
from deployments.service.registration import Launcher
from flows.resolve import adjust, find_deployment

BEGINNING = "whsec_"
SECRET_BYTES = 32
SHORTEST, LONGEST = 24, 64
"""Bytes of a secret. Source: Standard Webhooks, "Signature scheme"."""


@dataclass(frozen=True)
class NewHook:
    """A hook as it is shown when it is created.

    Attributes:
        hook: what is kept of it.
        secret: shown once, where one was made; None where the user gave it, or where it has stayed.
    """

    hook: Hook
    secret: str | None


def create(store: Store, launcher: Launcher, hook: Hook, given: str | None = None) -> NewHook:
    """Register a hook, or change the one of its name, whose secret stays unless another is given.

    Raises: NotRegistered for its endpoint; JobRefusedError for its deployment or its settings; UnusableError for a
        secret of another form; ConflictError when the one of its name is another endpoint's, or of another direction.
    """
    endpoint = store.get(Endpoint, hook.endpoint_name)
    if hook.direction == "in":
        adjust(find_deployment(store, endpoint.name, hook.deployment_name), hook.settings)
    existing = find(store, Hook, hook.name)
    if existing is not None:
        _check_same_kind(existing, hook)
    known = {"endpoint_name": endpoint.name, "name": existing.name if existing else hook.name}
    hook = hook.model_copy(update=known)
    made = None if given or existing else _new_secret()
    with ExitStack() as undo:
        if secret := made or (in_standard_form(given) if given else None):
            _keep(store.secrets, hook, secret, undo)
        put(store, hook, existing, undo)
        if hook.direction == "out":
            launcher.hook(hook)
        undo.pop_all()
    return NewHook(hook, made)


def in_standard_form(secret: str) -> str:
    """A secret that a user gave, with what it begins with. Raises: UnusableError; the secret is in no message."""
    text = secret.strip().removeprefix(BEGINNING)
    try:
        length = len(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        length = 0
    if not SHORTEST <= length <= LONGEST:
        raise UnusableError(
            f"the secret is not {SHORTEST} to {LONGEST} random bytes in base64; to make one: openssl rand -base64 32"
        )
    return f"{BEGINNING}{text}"


def _new_secret() -> str:
    return BEGINNING + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def _keep(kept: Secrets, hook: Hook, secret: str, undo: ExitStack) -> None:
    name = hook_secret(hook.name)
    before = kept.read(name)
    kept.keep(name, secret)
    undo.callback(kept.forget, name) if before is None else undo.callback(kept.keep, name, before)


def _check_same_kind(existing: Hook, hook: Hook) -> None:
    if existing.direction != hook.direction or not same_name(existing.endpoint_name, hook.endpoint_name):
        with about("name"):
            raise ConflictError(
                f"hook {existing.name!r} is one of endpoint {existing.endpoint_name!r}, of direction "
                f"{existing.direction}, and stays so; give this one another name, or delete that one: batchpoint hook "
                f"delete --name {existing.name}"
            )


def show(store: Store, name: str) -> Hook:
    """A hook. Raises: NotRegistered."""
    return store.get(Hook, name)


def list_all(store: Store) -> list[Hook]:
    """Every hook, by name."""
    return sorted(store.list(Hook), key=lambda each: each.name.lower())


def delete(store: Store, launcher: Launcher, name: str) -> None:
    """Forget a hook and its secret; jobs that it made stay. Raises: NotRegistered."""
    hook = show(store, name)
    launcher.unhook(hook.name)
    store.delete(Hook, hook.name)
    store.secrets.forget(hook_secret(hook.name))
