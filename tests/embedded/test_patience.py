"""What a server's database was too busy for is tried again where it happened."""

import anyio
import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from deployments.embedded import patience
from deployments.embedded.patience import PAUSES, Patient


def app(busy: int, seen: list[bytes]) -> FastAPI:
    """Answers 503 to so many requests, then 201, and keeps what it was sent.

    As Prefect's does, it answers by a handler of every exception, after which the exception goes on.
    """
    made = FastAPI(exception_handlers={Exception: lambda *_: JSONResponse({"try": len(seen)}, 503)})

    @made.post("/write")
    async def write(request: Request) -> JSONResponse:
        seen.append(await request.body())
        if len(seen) <= busy:
            raise RuntimeError("the database is locked")
        return JSONResponse({"try": len(seen)}, 201)

    return made


def post(to: FastAPI, body: bytes) -> httpx.Response:
    async def answer() -> httpx.Response:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(Patient(to), raise_app_exceptions=False), base_url="http://here"
        ) as client:
            return await client.post("/write", content=body)

    return anyio.run(answer)


def test_a_request_that_meets_a_busy_database_is_given_again_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PAUSES", (0.0,) * len(PAUSES))
    seen: list[bytes] = []
    answer = post(app(3, seen), b"x" * 100_000)
    assert (answer.status_code, answer.json()) == (201, {"try": 4})
    assert seen == [b"x" * 100_000] * 4


def test_a_database_that_stays_busy_is_said_after_the_last_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PAUSES", (0.0,) * len(PAUSES))
    seen: list[bytes] = []
    answer = post(app(100, seen), b"x")
    assert (answer.status_code, answer.json()) == (503, {"try": len(PAUSES) + 1})


def test_an_answer_that_is_no_503_goes_out_at_once() -> None:
    seen: list[bytes] = []
    assert post(app(0, seen), b"x").status_code == 201
    assert len(seen) == 1
