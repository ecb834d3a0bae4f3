"""The gateway as an application: its routes, how it refuses, and what it writes down."""

from http import HTTPStatus

import httpx
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from blocks.errors import AlreadyRegistered, BlockError, NotRegistered
from deployments.gateway import events, health, jobs, outputs
from deployments.gateway.audit import Audit
from deployments.gateway.errors import ErrorBody, RefusedError
from deployments.gateway.system import System
from deployments.service.errors import ConflictError, ServiceError
from deployments.service.jobs import JobNotFoundError
from flows.errors import JobRefusedError
from scoring.errors import OutputExistsError, ScoringError

STATUS: tuple[tuple[type[Exception], int, str], ...] = (
    (NotRegistered, 404, "NotFound"),
    (JobNotFoundError, 404, "NotFound"),
    (ConflictError, 409, "Conflict"),
    (AlreadyRegistered, 409, "Conflict"),
    (OutputExistsError, 409, "Conflict"),
    (ServiceError, 400, "BadRequest"),
    (BlockError, 400, "BadRequest"),
    (JobRefusedError, 400, "BadRequest"),
    (ScoringError, 400, "BadRequest"),
)
"""How errors that the core raises are answered; the first that fits counts."""
ERRORS: dict[int | str, dict[str, object]] = {
    status: {"model": ErrorBody, "description": HTTPStatus(status).phrase}
    for status in (400, 401, 403, 404, 409, 429, 503)
}
IN_JSON = {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorBody"}}}
ERRORS_OF_FILES: dict[int | str, dict[str, object]] = {
    status: {"content": IN_JSON, "description": said["description"]} for status, said in ERRORS.items()
}
"""The same where a route answers with another kind of content, which FastAPI would otherwise give its errors too."""
ABOUT = """Batch scoring over HTTP. Send a job with `POST /endpoints/NAME/jobs`, poll the URL in `Location` until its
`status` is Completed, Failed or Canceled, and fetch `outputs/score`. Bodies and answers are those of Azure's batch
endpoints; a plain body works as well."""


def gateway(system: System) -> FastAPI:
    """The application for a system."""
    app = FastAPI(title="Batchpoint", description=ABOUT, docs_url=None, redoc_url=None)
    app.state.system = system
    for router, errors in ((jobs.router, ERRORS), (outputs.router, ERRORS_OF_FILES), (events.router, ERRORS)):
        app.include_router(router, responses=errors)
    app.include_router(health.router)
    for kind, status, code in STATUS:
        app.add_exception_handler(kind, _answers(status, code))
    app.add_exception_handler(RefusedError, _refused)
    app.add_exception_handler(RequestValidationError, _misspelt)
    app.add_exception_handler(HTTPException, _by_status)
    app.add_exception_handler(httpx.HTTPError, _server_away)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_middleware(Audited, audit=system.audit)
    return app


class Audited:
    """Writes down each request that was let in by a token or a signature, and each that was not let in."""

    def __init__(self, app: ASGIApp, audit: Audit) -> None:
        self._app, self._audit = app, audit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._note(scope, message["status"])
            await send(message)

        await self._app(scope, receive, noting)

    def _note(self, scope: Scope, status: int) -> None:
        state = scope.get("state", {})
        token, hook = state.get("token"), state.get("hook")
        if token is None and hook is None and status != HTTPStatus.UNAUTHORIZED:
            return
        self._audit.note(
            token=token.name if token is not None else None,
            address=(scope.get("client") or (None,))[0],
            method=scope["method"],
            path=scope["path"],
            status=status,
            job=state.get("job"),
            **({"hook": hook} if hook is not None else {}),
        )


def _answers(status: int, code: str):  # type: ignore[no-untyped-def] # as add_exception_handler wants it
    def answer(_: Request, error: Exception) -> JSONResponse:
        return _as_json(RefusedError(status, code, str(error)))

    return answer


def _refused(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RefusedError)
    return _as_json(error)


def _misspelt(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    wrong = tuple(f"{'.'.join(map(str, each['loc'][1:]))}: {each['msg']}" for each in error.errors())
    return _as_json(RefusedError(400, "BadRequest", "; ".join(wrong), wrong if len(wrong) > 1 else ()))


def _by_status(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = HTTPStatus(error.status_code).phrase.title().replace(" ", "")
    said = f"{request.method} {request.url.path} is answered with {error.detail}; /openapi.json tells what there is"
    return _as_json(RefusedError(error.status_code, code, said, headers=error.headers))


def _server_away(_: Request, error: Exception) -> JSONResponse:
    said = f"Prefect's server does not answer as it should ({type(error).__name__}); try again in a moment"
    return _as_json(RefusedError(503, "ServerAway", said, headers={"Retry-After": "5"}))


def _gone(_: Request, error: Exception) -> JSONResponse:
    return _as_json(RefusedError(400, "BadRequest", f"the body did not come whole: {type(error).__name__}"))


def _as_json(error: RefusedError) -> JSONResponse:
    return JSONResponse(error.body, error.status, headers=error.headers)
