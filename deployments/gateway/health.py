"""Whether the gateway is up, and numbers about jobs for Prometheus."""

from typing import Annotated

import httpx
from fastapi import APIRouter, Depends, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from blocks.tokens import Token
from deployments.gateway.callers import InUse, everywhere
from deployments.gateway.errors import RefusedError
from deployments.gateway.metrics import JobNumbers

router = APIRouter(tags=["health"])


@router.get("/healthz")
def tell_health() -> dict[str, str]:
    """Answer, as a sign of life."""
    return {"status": "ok"}


@router.get("/readyz")
def tell_readiness(system: InUse) -> dict[str, str]:
    """Answer when jobs can be sent, which is when Prefect's server answers too."""
    try:
        system.client.hello().raise_for_status()
    except httpx.HTTPError as error:
        raise RefusedError(
            503, "NotReady", f"Prefect's server does not answer: {error}", headers={"Retry-After": "5"}
        ) from error
    return {"status": "ready"}


@router.get("/metrics", response_class=Response)
def tell_metrics(system: InUse, _caller: Annotated[Token, Depends(everywhere)]) -> Response:
    """Numbers about jobs, in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(JobNumbers(system.store, system.client, system.counts))
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
