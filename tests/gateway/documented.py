"""Requests that the gateway's OpenAPI document allows, and whether the answers are what it describes."""

from collections import Counter

import hypothesis
import schemathesis
from hypothesis import HealthCheck, Phase
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
REQUESTS = 10  # of each operation


def ask_everything(url: str, token: str, known: dict[str, str]) -> "Counter[int]":
    """Make requests of every operation, the same each time; how many were answered with which status.

    Args:
        url: of the gateway.
        token: that it lets in.
        known: what stands in a path, where something is there by that name; every second request has another.
    Raises: schemathesis' own failures, with the request as a line of curl.
    """
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
    answered: Counter[int] = Counter()

    def call(case: schemathesis.Case) -> None:
        if answered.total() % 2:
            case.path_parameters.update({name: known[name] for name in case.path_parameters if name in known})
        response = case.call(headers={"Authorization": f"Bearer {token}"}, timeout=30)
        answered[response.status_code] += 1
        case.validate_response(response, checks=CHECKS)

    for operation in schema.get_all_operations():
        _requests_of(operation.ok(), call)
    return answered


def _requests_of(operation, call) -> None:
    settings = hypothesis.settings(
        max_examples=REQUESTS,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    settings(hypothesis.given(case=operation.as_strategy())(call))()
