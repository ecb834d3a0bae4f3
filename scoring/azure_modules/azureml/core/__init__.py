"""The two classes of azureml.core that scoring scripts use."""

from azureml.core.model import Model
from azureml.core.run import Run

__all__ = ["Model", "Run"]
