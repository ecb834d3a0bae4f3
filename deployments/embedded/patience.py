"""A server that tries again itself what its database was too busy for, instead of sending its clients away."""

import random
from collections.abc import MutableMapping
from http import HTTPStatus
from typing import Any

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PAUSES = (0.02, 0.05, 0.1, 0.2, 0.4)
"""Seconds before each further try, give or take a half."""


class Patient:
    """Gives a request to an application again when it answers 503, up to five times within a second.

    SQLite lets one writer in at a time and refuses who comes meanwhile with a look that is old by then; Prefect rolls
    back and answers 503, and its clients wait 2 s, then 4 and 8, for a lock that is held for a hundredth of that (a
    command was seen to take 70 s). To repeat the request here is what they would do, only sooner. After the last try
    the answer goes out, and they wait as before.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = _Repeatable(receive)
        for pause in PAUSES:
            answer = _Answer(send)
            try:
                await self._app(_fresh(scope), request.receive, answer.send)
            except Exception:
                # What was answered with 503 is raised all the same, so that a server can log it.
                if not answer.is_withheld:
                    raise
            if not answer.is_withheld:
                return
            await anyio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - it keeps clients apart, no secret
            request.rewind()
        await self._app(_fresh(scope), request.receive, send)


class _Repeatable:
    """A request's body, kept so that it can be read again."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._kept: list[Message] = []
        self._next = 0

    async def receive(self) -> Message:
        if self._next == len(self._kept):
            message = await self._receive()
            if message["type"] != "http.request":
                return message
            self._kept.append(message)
        self._next += 1
        return self._kept[self._next - 1]

    def rewind(self) -> None:
        self._next = 0


class _Answer:
    """Passes an answer on, but for one that says the server is busy."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.is_withheld = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.is_withheld = message["status"] == HTTPStatus.SERVICE_UNAVAILABLE
        if not self.is_withheld:
            await self._send(message)


def _fresh(scope: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A request as it came: an application writes down in it how it was routed."""
    return {**scope, "state": dict(scope.get("state") or {})}
