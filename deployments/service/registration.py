"""What Prefect is told of endpoints and computes: the seam, and a twin of it that only remembers."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from blocks.hooks import Hook
from blocks.names import block_name, compute_limit
from blocks.schedules import Cron, Recurrence
from blocks.specs import Compute, Deployment, Endpoint
from deployments.embedded.launch import JOB_ENVIRONMENT, WORK_POOL
from deployments.service.errors import JobNameTakenError
from deployments.service.parameters import parameter_schema
from flows.paths import DEFAULT_DATASTORE

if TYPE_CHECKING:
    from deployments.service.job_records import Job

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


@dataclass(frozen=True)
class Timed:
    """A schedule of an endpoint's Prefect deployment.

    Attributes:
        name: the schedule's.
        trigger: when it comes due.
        parameters: of the flow runs that it creates.
    """

    name: str
    trigger: Cron | Recurrence
    parameters: dict[str, Any]


@dataclass(frozen=True)
class Order:
    """A job that is to be sent.

    Attributes:
        endpoint: whose Prefect deployment makes its flow run.
        parameters: of the flow run.
        name: the name that its user gives it, if any.
        key: of several orders with one key to one endpoint, one makes a job.
        began: when the command that sends it did, in seconds since 1970; None where that is not known.
        datastore: that its folder is to lie in.
        due: when it begins; None is at once.
    """

    endpoint: str
    parameters: dict[str, Any]
    name: str | None = None
    key: str | None = None
    began: float | None = None
    datastore: str = DEFAULT_DATASTORE
    due: datetime | None = None


class Launcher(Protocol):
    """What Prefect has to know so that jobs can be sent to an endpoint, and computes bound them."""

    def register(self, wanted: PrefectDeployment) -> None:
        """Create an endpoint's Prefect deployment, or bring it up to date; schedules and runs of it stay."""

    def unregister(self, endpoint: str) -> None:
        """Remove an endpoint's Prefect deployment, if there is one; its flow runs stay."""

    def launched(self, endpoint: str, deployment: str | None = None) -> Launched | None:
        """What is known of an endpoint, or of one of its deployments; None when it has no Prefect deployment."""

    def schedule(self, endpoint: str, timed: Timed, *, is_enabled: bool | None = None) -> None:
        """Have an endpoint's Prefect deployment create flow runs on time.

        Args:
            endpoint: whose Prefect deployment.
            timed: when, and with which parameters.
            is_enabled: whether it does so; None leaves that as it is, which is enabled at first.
        """

    def unschedule(self, endpoint: str, schedule: str) -> None:
        """Remove a schedule of an endpoint's Prefect deployment, if there is one."""

    def is_enabled(self, endpoint: str, schedule: str) -> bool | None:
        """Whether a schedule creates flow runs, which can be paused in Prefect too; None when Prefect has none."""

    def hook(self, hook: Hook) -> None:
        """Have word sent of an endpoint's jobs as a hook of direction out says, or bring that up to date."""

    def unhook(self, name: str) -> None:
        """Have a hook of this name send no more word, if it does."""

    def launch(self, order: Order) -> "Job":
        """Create the flow run of a job; for an order whose key was used before, the job that it made then.

        Raises: ConflictError when the endpoint has no Prefect deployment, or another job has the name.
        """

    def sent_with(self, endpoint: str, key: str) -> "Job | None":
        """The job that an order with this key made, if there was one."""

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
        self.timed: dict[tuple[str, str], tuple[Timed, bool]] = {}
        self.sent: list[tuple[Order, Job]] = []
        self.hooks: dict[str, Hook] = {}

    def register(self, wanted: PrefectDeployment) -> None:
        self.registered[block_name(wanted.name)] = wanted

    def unregister(self, endpoint: str) -> None:
        self.registered.pop(block_name(endpoint), None)

    def launched(self, endpoint: str, deployment: str | None = None) -> Launched | None:  # noqa: ARG002 - it has no jobs
        name = block_name(endpoint)
        return Launched(f"recorded://{name}", None) if name in self.registered else None

    def schedule(self, endpoint: str, timed: Timed, *, is_enabled: bool | None = None) -> None:
        key = block_name(endpoint), block_name(timed.name)
        before = self.timed.get(key)
        self.timed[key] = timed, is_enabled if is_enabled is not None else before is None or before[1]

    def unschedule(self, endpoint: str, schedule: str) -> None:
        self.timed.pop((block_name(endpoint), block_name(schedule)), None)

    def is_enabled(self, endpoint: str, schedule: str) -> bool | None:
        found = self.timed.get((block_name(endpoint), block_name(schedule)))
        return found[1] if found else None

    def hook(self, hook: Hook) -> None:
        self.hooks[block_name(hook.name)] = hook

    def unhook(self, name: str) -> None:
        self.hooks.pop(block_name(name), None)

    def launch(self, order: Order) -> "Job":
        from deployments.service.job_records import as_sent

        if order.key is not None and (sent := self.sent_with(order.endpoint, order.key)):
            return sent
        if order.name is not None and order.name in [job.name for _, job in self.sent]:
            raise JobNameTakenError(order.name)
        self.sent.append((order, as_sent(order)))
        return self.sent[-1][1]

    def sent_with(self, endpoint: str, key: str) -> "Job | None":
        found = (job for order, job in self.sent if (order.endpoint, order.key) == (endpoint, key))
        return next(found, None)

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
        description=f"{endpoint.description} {where}".strip() + f"\n\n{_how_to_call(endpoint.name)}",
        parameter_schema=parameter_schema(endpoint, deployments),
    )


def _how_to_call(endpoint: str) -> str:
    """As Markdown, which Prefect's page draws."""
    return (
        "Run sends a job: a folder of files in, one file of rows out. So do:\n\n"
        f"    batchpoint batch-endpoint invoke --name {endpoint} --input PATH\n"
        f"    prefect deployment run {FLOW}/{endpoint} -p input=PATH\n\n"
        f"and, over HTTP, a POST to `/endpoints/{endpoint}/jobs` of Batchpoint's gateway."
    )
