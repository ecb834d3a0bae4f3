"""Who calls, as the routes ask for it: a token of this role, for this endpoint."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Path, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from blocks.tokens import Role, Token
from deployments.gateway.errors import RefusedError
from deployments.gateway.system import System, system_of

bearer = HTTPBearer(auto_error=False, description="A token that `batchpoint token create` made.")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
InUse = Annotated[System, Depends(system_of)]
EndpointName = Annotated[str, Path(max_length=32, description="The endpoint's name.", examples=["mnist-batch"])]


def caller(request: Request, system: InUse, credentials: Credentials) -> Token:
    """The token that a request shows. Raises: RefusedError when it opens nothing, or was shown too often."""
    token = system.guard.admit(credentials.credentials if credentials is not None else None)
    request.state.token = token
    system.guard.count(token)
    return token


def check_right(token: Token, endpoint: str, role: Role) -> None:
    """Raises: RefusedError when a token is for another endpoint, or for less."""
    if not token.is_for(endpoint):
        raise RefusedError(
            403, "Forbidden", f"token {token.name} is for endpoint {token.endpoint!r}, and not for {endpoint!r}"
        )
    if not token.may(role):
        raise RefusedError(
            403, "Forbidden", f"token {token.name} has role {token.role!r}, and this takes role {role!r}"
        )


def _for(role: Role) -> Callable[[Token, str], Token]:
    def admitted(token: Annotated[Token, Depends(caller)], endpoint: EndpointName) -> Token:
        check_right(token, endpoint, role)
        return token

    return admitted


def everywhere(token: Annotated[Token, Depends(caller)]) -> Token:
    """A token for all endpoints. Raises: RefusedError."""
    if token.endpoint is not None:
        raise RefusedError(403, "Forbidden", f"token {token.name} is for endpoint {token.endpoint!r}, and not for all")
    return token


Reader = Annotated[Token, Depends(_for("read"))]
Sender = Annotated[Token, Depends(_for("invoke"))]
"""A caller that was let in, for the endpoint of the path."""
