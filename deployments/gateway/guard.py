"""Who calls, and how often they may."""

import time

from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from blocks.hooks import Hook
from blocks.store import Store
from blocks.tokens import Token
from deployments.gateway.errors import RefusedError, too_many
from deployments.gateway.recent import Recent
from deployments.service.tokens import TokenRefusedError, check

KNOWN_SECONDS = 5.0
"""So long a token that was right is not looked up again: a revoked one opens nothing after that."""


class Guard:
    """Checks tokens and counts requests.

    Args:
        store: where tokens are kept.
        rate: how many requests a token may make, or a hook, as in 600/minute or 10/second.
    Raises: ValueError for a rate that says nothing.
    """

    def __init__(self, store: Store, rate: str) -> None:
        self._store = store
        self._rate = parse(rate)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._known = Recent(KNOWN_SECONDS)

    def admit(self, text: str | None) -> Token:
        """The token that a caller shows. Raises: RefusedError when it opens nothing."""
        if not text:
            raise not_let_in(
                "no token was sent; send the header Authorization: Bearer TOKEN, with one that `batchpoint token "
                "create` made"
            )
        try:
            token = self._known.of(text, lambda: check(self._store, text), time.monotonic() - KNOWN_SECONDS)
            return token if not token.has_expired else check(self._store, text)
        except TokenRefusedError as error:
            raise not_let_in(str(error)) from error

    def count(self, caller: Token | Hook) -> None:
        """Count a request of a token, or one with a hook's signature. Raises: RefusedError when there are too many."""
        if self._limiter.hit(self._rate, caller.word, caller.name):
            return
        wait = self._limiter.get_window_stats(self._rate, caller.word, caller.name).reset_time
        raise too_many(f"{caller.word} {caller.name} may make {self._rate} requests, and has made them; wait", wait)


def not_let_in(message: str) -> RefusedError:
    """The caller is not known."""
    return RefusedError(401, "Unauthorized", message, headers={"WWW-Authenticate": "Bearer"})
