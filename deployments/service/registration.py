"""What Prefect is told of endpoints and computes: the seam, and a twin of it that only remembers."""

from dataclasses import dataclass, field
from typing import Any, Protocol

from blocks.names import block_name, compute_limit
from blocks.specs import Compute, Deployment, Endpoint
from deployments.embedded.launch import JOB_ENVIRONMENT, WORK_POOL
from deployments.service.parameters import parameter_schema

FLOW = "batch-endpoint"
ENTRYPOINT = "flows.score.score_job"


@dataclass(frozen=True)
class PrefectDeployment:
    """An endpoint's Prefect deployment: what prefect.yaml can say of one, and the form of its flow runs.

    Attributes:
        name: the endpoint's.
        description: the endpoint's, and which deployment is the default.
        parameter_schema: see parameters.parameter_schema.
    """

    name: str
    description: str
    parameter_schema: dict[str, Any] = field(repr=False)
    entrypoint: str = ENTRYPOINT
    work_pool: str = WORK_POOL
    job_variables: dict[str, Any] = field(default_factory=lambda: {"env": dict(JOB_ENVIRONMENT)})
    enforce_parameter_schema: bool = True


@dataclass(frozen=True)
class Launched:
    """What Prefect knows of an endpoint.

    Attributes:
        scoring_uri: where a POST starts a job.
        last_job: the name of the job that was sent last, of the deployment asked for.
    """

    scoring_uri: str
    last_job: str | None


class Launcher(Protocol):
    """What Prefect has to know so that jobs can be sent to an endpoint, and computes bound them."""

    def register(self, wanted: PrefectDeployment) -> None:
        """Create an endpoint's Prefect deployment, or bring it up to date; schedules and runs of it stay."""

    def unregister(self, endpoint: str) -> None:
        """Remove an endpoint's Prefect deployment, if there is one; its flow runs stay."""

    def launched(self, endpoint: str, deployment: str | None = None) -> Launched | None:
        """What is known of an endpoint, or of one of its deployments; None when it has no Prefect deployment."""

    def limit(self, compute: Compute) -> None:
        """Bound the instances that all jobs on a compute use together."""

    def unlimit(self, compute: str) -> None:
        """Remove a compute's bound, if there is one."""

    def count_busy(self, compute: str) -> int:
        """How many instances of a compute jobs have taken."""


class RecordingLauncher:
    """A Launcher that only remembers, for tests and for trying things."""

    def __init__(self) -> None:
        self.registered: dict[str, PrefectDeployment] = {}
        self.limits: dict[str, int] = {}

    def register(self, wanted: PrefectDeployment) -> None:
        self.registered[block_name(wanted.name)] = wanted

    def unregister(self, endpoint: str) -> None:
        self.registered.pop(block_name(endpoint), None)

    def launched(self, endpoint: str, deployment: str | None = None) -> Launched | None:  # noqa: ARG002 - it has no jobs
        name = block_name(endpoint)
        return Launched(f"recorded://{name}", None) if name in self.registered else None

    def limit(self, compute: Compute) -> None:
        self.limits[compute_limit(compute.name)] = compute.max_instances

    def unlimit(self, compute: str) -> None:
        self.limits.pop(compute_limit(compute), None)

    def count_busy(self, compute: str) -> int:  # noqa: ARG002 - it has no jobs
        return 0


def prefect_deployment(endpoint: Endpoint, deployments: list[Deployment]) -> PrefectDeployment:
    """The Prefect deployment that an endpoint with these deployments has."""
    default = endpoint.defaults.deployment_name
    where = f"Default deployment {default}." if default else "No default deployment."
    return PrefectDeployment(
        name=endpoint.name,
        description=f"{endpoint.description} {where}".strip(),
        parameter_schema=parameter_schema(endpoint, deployments),
    )
