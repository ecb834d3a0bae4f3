"""What can be registered, as declared: one strict model per kind of thing."""

from blocks.specs.assets import Data, Model
from blocks.specs.base import Asset, Part, Spec, is_read_only
from blocks.specs.compute import Compute
from blocks.specs.datastore import AzureCredentials, Datastore
from blocks.specs.deployment import CodeConfiguration, Deployment, Resources
from blocks.specs.endpoint import Defaults, Endpoint
from blocks.specs.environment import Conda, Environment, PipPackages

__all__ = [
    "Asset",
    "AzureCredentials",
    "CodeConfiguration",
    "Compute",
    "Conda",
    "Data",
    "Datastore",
    "Defaults",
    "Deployment",
    "Endpoint",
    "Environment",
    "Model",
    "Part",
    "PipPackages",
    "Resources",
    "Spec",
    "is_read_only",
]
