"""The Python client: the verbs and words of the command line, with typed objects."""

from deployments.client.client import Client
from deployments.client.jobs import JobNotCompletedError

__all__ = ["Client", "JobNotCompletedError"]
