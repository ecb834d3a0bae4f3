"""What every door can do with what is registered.

A module here is read when it is first asked for, as in `service.models.create(...)`: a command that only prints help or
refuses a declaration needs none of them, and together they take longer to read than the command line itself.
"""

import importlib
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deployments.service import (
        assets,
        computes,
        data,
        datastores,
        deployments,
        endpoints,
        environments,
        jobs,
        models,
        schedules,
        shown,
        tokens,
    )

__all__ = [
    "assets",
    "computes",
    "data",
    "datastores",
    "deployments",
    "endpoints",
    "environments",
    "jobs",
    "models",
    "schedules",
    "shown",
    "tokens",
]


def __getattr__(name: str) -> ModuleType:
    if name not in __all__:
        raise AttributeError(f"module {__name__} has no attribute {name!r}")
    return importlib.import_module(f"{__name__}.{name}")
