"""What can be registered, as declared: one strict model per kind of thing."""

from blocks.specs.assets import Environment, Model
from blocks.specs.base import Part, Spec
from blocks.specs.compute import Compute
from blocks.specs.datastore import Datastore
from blocks.specs.deployment import CodeConfiguration, Deployment, Resources
from blocks.specs.endpoint import Defaults, Endpoint

__all__ = [
    "CodeConfiguration",
    "Compute",
    "Datastore",
    "Defaults",
    "Deployment",
    "Endpoint",
    "Environment",
    "Model",
    "Part",
    "Resources",
    "Spec",
]
