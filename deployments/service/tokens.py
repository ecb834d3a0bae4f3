"""Every verb of tokens, and the check of one that a caller shows."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from blocks.errors import NotRegistered
from blocks.specs import Endpoint
from blocks.store import Store
from blocks.tokens import Role, Token
from deployments.service.errors import ServiceError

BEGINNING = "bpt"
SECRET_BYTES = 32
"""So many random bytes cannot be guessed, so a fast hash of them serves as well as a slow one."""


class TokenRefusedError(ServiceError):
    """A token opens nothing: it is unknown, was revoked, has expired, or is no token at all."""


@dataclass(frozen=True)
class NewToken:
    """A token as it is shown once.

    Attributes:
        token: what is kept of it.
        text: what a caller sends.
    """

    token: Token
    text: str


def create(
    store: Store, *, endpoint: str | None, role: Role, lifetime: timedelta | None, description: str = ""
) -> NewToken:
    """Make a token for an endpoint, or for all. Raises: NotRegistered for the endpoint."""
    known = store.get(Endpoint, endpoint).name if endpoint is not None else None
    name, secret, salt = secrets.token_hex(6), secrets.token_hex(SECRET_BYTES), secrets.token_hex(16)
    token = Token(
        name=name,
        endpoint=known,
        role=role,
        description=description,
        expires_at=datetime.now(UTC) + lifetime if lifetime is not None else None,
        salt=salt,
        digest=_digest(salt, secret),
    )
    store.add(token)
    return NewToken(token, f"{BEGINNING}_{name}_{secret}")


def list_all(store: Store) -> list[Token]:
    """Every token, the oldest first."""
    return store.list(Token)


def revoke(store: Store, name: str) -> None:
    """End a token now. Raises: NotRegistered."""
    store.delete(Token, name)


def check(store: Store, text: str) -> Token:
    """The token that a caller shows. Raises: TokenRefusedError."""
    beginning, _, rest = text.partition("_")
    name, _, secret = rest.partition("_")
    token = _find(store, name) if beginning == BEGINNING and name and secret else None
    # An unknown name takes as long as a wrong secret.
    salt, digest = (token.salt, token.digest) if token is not None else ("", "")
    if not hmac.compare_digest(_digest(salt, secret), digest) or token is None:
        raise TokenRefusedError(
            "the token is not known here, or was revoked; to make one: batchpoint token create --endpoint NAME"
        )
    if token.has_expired:
        raise TokenRefusedError(
            f"token {token.name} ended at {token.expires_at}; to make another: batchpoint token create --endpoint NAME"
        )
    return token


def _find(store: Store, name: str) -> Token | None:
    try:
        return store.get(Token, name)
    except NotRegistered:
        return None


def _digest(salt: str, secret: str) -> str:
    return hashlib.sha256(f"{salt}{secret}".encode()).hexdigest()
