"""Hooks that take events, as the gateway knows them, and the signatures that they ask for."""

import threading
from collections.abc import Mapping

from cachetools import TTLCache
from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook, WebhookVerificationError

from blocks.errors import NotRegistered
from blocks.hooks import Hook
from blocks.names import hook_secret, same_name
from blocks.store import Store
from deployments.gateway.errors import RefusedError
from deployments.gateway.guard import KNOWN_SECONDS, not_let_in
from deployments.service.lookup import hooks_of

SIGNATURE = "webhook-signature"
NOT_SIGNED = (
    "the signature is not right, or not of the last five minutes: webhook-signature is v1, and the base64 of the "
    "HMAC-SHA256 of webhook-id.webhook-timestamp.body with the secret of the hook"
)


class HookRegister:
    """Hooks of direction in and their secrets, looked up at most every few seconds.

    Args:
        store: where they are registered.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: TTLCache[tuple[str, str | None], tuple[Hook, str | None]] = TTLCache(1024, KNOWN_SECONDS)
        self._lock = threading.Lock()

    def find(self, endpoint: str, name: str | None) -> tuple[Hook, str | None]:
        """A hook of an endpoint with its secret; without a name, the only one that there is.

        Raises: RefusedError when there is none, or more than one.
        """
        key = endpoint.lower(), name.lower() if name else None
        with self._lock:
            known = self._known.get(key)
        if known is None:
            hook = self._named(endpoint, name) if name else self._only(endpoint)
            known = hook, self._store.secrets.read(hook_secret(hook.name))
            with self._lock:
                self._known[key] = known
        return known

    def signed(self, endpoint: str, name: str | None, headers: Mapping[str, str], text: bytes) -> Hook:
        """The hook of an endpoint whose signature a request has: of this body, id and minute.

        Who signs nothing right learns nothing of which hooks there are.
        Raises: RefusedError.
        Source: Standard Webhooks, "Verifying webhook authenticity".
        """
        try:
            hook, secret = self.find(endpoint, name)
            Webhook(secret or b"").verify(text, dict(headers), json_parse=False)
        except (RefusedError, WebhookVerificationError, EmptyWebhookSecretError, ValueError) as error:
            raise not_let_in(NOT_SIGNED) from error
        return hook

    def _named(self, endpoint: str, name: str) -> Hook:
        try:
            hook = self._store.get(Hook, name)
        except NotRegistered:
            raise _no_hook(endpoint, name) from None
        if hook.direction != "in" or not same_name(hook.endpoint_name, endpoint):
            raise _no_hook(endpoint, name)
        return hook

    def _only(self, endpoint: str) -> Hook:
        hooks = [each for each in hooks_of(self._store, endpoint) if each.direction == "in"]
        if not hooks:
            raise _no_hook(endpoint, None)
        if len(hooks) > 1:
            raise RefusedError(
                400, "BadRequest", f"endpoint {endpoint!r} has {len(hooks)} hooks; name one: /events?hook=NAME"
            )
        return hooks[0]


def _no_hook(endpoint: str, name: str | None) -> RefusedError:
    which = f"no hook {name!r}" if name else "no hook"
    return RefusedError(
        404,
        "NotFound",
        f"endpoint {endpoint!r} has {which} that takes events; to make one: batchpoint hook create --name NAME "
        f"--endpoint-name {endpoint}",
    )
