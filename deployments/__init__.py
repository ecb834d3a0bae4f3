"""The control plane; from here the Python client and the objects that it takes and gives."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from blocks.hooks import Hook
    from blocks.invocation import JobInput
    from blocks.overrides import Overrides
    from blocks.schedules import Schedule
    from blocks.specs import (
        CodeConfiguration,
        Compute,
        Data,
        Datastore,
        Defaults,
        Deployment,
        Endpoint,
        Environment,
        Model,
        Resources,
    )
    from deployments.client import Client, JobNotCompletedError
    from scoring.settings import RetrySettings, Settings

__all__ = [
    "Client",
    "CodeConfiguration",
    "Compute",
    "Data",
    "Datastore",
    "Defaults",
    "Deployment",
    "Endpoint",
    "Environment",
    "Hook",
    "JobInput",
    "JobNotCompletedError",
    "Model",
    "Overrides",
    "Resources",
    "RetrySettings",
    "Schedule",
    "Settings",
]

FROM = {
    "Client": "deployments.client",
    "JobNotCompletedError": "deployments.client",
    "Hook": "blocks.hooks",
    "JobInput": "blocks.invocation",
    "Overrides": "blocks.overrides",
    "Schedule": "blocks.schedules",
    "RetrySettings": "scoring.settings",
    "Settings": "scoring.settings",
}


def __getattr__(name: str) -> object:
    """Import what is asked for only now: every command imports this package, and needs none of it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(FROM.get(name, "blocks.specs")), name)
