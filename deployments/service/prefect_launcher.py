"""Endpoints, schedules and computes as Prefect deployments, their schedules, and concurrency limits."""

from contextlib import suppress
from datetime import UTC, datetime
from functools import cached_property
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate, DeploymentUpdate, WorkPoolCreate
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
)
from prefect.client.schemas.objects import DeploymentSchedule
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound

from blocks.hooks import Hook
from blocks.names import compute_limit, same_name, schedule_limit
from blocks.specs import Compute
from deployments.embedded.gateway_url import find as find_gateway
from deployments.embedded.home import Home
from deployments.embedded.launch import WORK_POOL
from deployments.service import sending
from deployments.service.due import due
from deployments.service.job_records import Job, name_of
from deployments.service.lost_jobs import ensure_watch
from deployments.service.registration import FLOW, Launched, Order, PrefectDeployment, Timed
from scoring.home import home_path

PAGE = 200


class PrefectLauncher:
    """A Launcher in the Prefect server that PREFECT_API_URL or the active profile names."""

    def __init__(self) -> None:
        self._ids: sending.Ids = {}

    @cached_property
    def _client(self) -> SyncPrefectClient:
        return get_client(sync_client=True)

    def register(self, wanted: PrefectDeployment) -> None:
        self._ensure_work_pool(wanted.work_pool)
        ensure_watch(self._client)
        existing = self._find(wanted.name)
        if existing is None:
            self._create(wanted)
        else:
            self._update(existing, wanted)

    def unregister(self, endpoint: str) -> None:
        existing = self._find(endpoint)
        if existing is not None:
            self._client.delete_deployment(existing.id)

    def launched(self, endpoint: str, deployment: str | None = None) -> Launched | None:
        found = self._find(endpoint)
        if found is None:
            return None
        return Launched(
            scoring_uri=self._scoring_uri(found),
            last_job=self._last_job(found.id, deployment),
        )

    def _scoring_uri(self, endpoint: DeploymentResponse) -> str:
        """The gateway's, while there is one; else Prefect's own, which takes the parameters of the flow run."""
        gateway = find_gateway(Home(home_path()))
        if gateway is not None:
            return f"{gateway}/endpoints/{endpoint.name}/jobs"
        return f"{str(self._client.api_url).rstrip('/')}/deployments/{endpoint.id}/create_flow_run"

    def _last_job(self, endpoint: UUID, deployment: str | None) -> str | None:
        """Of a deployment it is looked for among the endpoint's newest jobs, as Prefect cannot search in parameters."""
        runs = self._client.read_flow_runs(
            deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[endpoint])),
            flow_run_filter=FlowRunFilter(
                expected_start_time=FlowRunFilterExpectedStartTime(before_=datetime.now(UTC))
            ),
            sort=FlowRunSort.EXPECTED_START_TIME_DESC,
            limit=1 if deployment is None else PAGE,
        )
        sent = (name_of(run) for run in runs if deployment is None or run.parameters.get("deployment") == deployment)
        return next(sent, None)

    def schedule(self, endpoint: str, timed: Timed, *, is_enabled: bool | None = None) -> None:
        prefect_deployment = self._client.read_deployment_by_name(f"{FLOW}/{endpoint}")
        schedule = due(timed.trigger, datetime.now(UTC))
        self._client.upsert_global_concurrency_limit_by_name(schedule_limit(timed.name), 1)
        existing = self._find_schedule(prefect_deployment, timed.name)
        if existing is None:
            wanted = DeploymentScheduleCreate(
                schedule=schedule, parameters=timed.parameters, slug=timed.name, active=is_enabled is not False
            )
            self._client.create_deployment_schedules(prefect_deployment.id, [wanted])
        else:
            self._client.update_deployment_schedule(
                prefect_deployment.id,
                existing.id,
                active=existing.active if is_enabled is None else is_enabled,
                schedule=schedule,
                parameters=timed.parameters,
            )

    def unschedule(self, endpoint: str, schedule: str) -> None:
        prefect_deployment = self._find(endpoint)
        existing = self._find_schedule(prefect_deployment, schedule)
        if prefect_deployment is not None and existing is not None:
            self._client.delete_deployment_schedule(prefect_deployment.id, existing.id)
        self._remove_limit(schedule_limit(schedule))

    def is_enabled(self, endpoint: str, schedule: str) -> bool | None:
        existing = self._find_schedule(self._find(endpoint), schedule)
        return existing.active if existing is not None else None

    @staticmethod
    def _find_schedule(prefect_deployment: DeploymentResponse | None, name: str) -> DeploymentSchedule | None:
        schedules = prefect_deployment.schedules if prefect_deployment is not None else []
        return next((each for each in schedules if each.slug is not None and same_name(each.slug, name)), None)

    def hook(self, hook: Hook) -> None:
        from deployments.service import outgoing  # brings Prefect's flows, which the other verbs do without

        self._ensure_work_pool(WORK_POOL)
        outgoing.subscribe(self._client, hook)

    def unhook(self, name: str) -> None:
        from deployments.service import outgoing

        outgoing.unsubscribe(self._client, name)

    def launch(self, order: Order) -> Job:
        return sending.launch(self._client, order, self._ids)

    def sent_with(self, endpoint: str, key: str) -> Job | None:
        return sending.sent_with(self._client, endpoint, key)

    def limit(self, compute: Compute) -> None:
        self._client.upsert_global_concurrency_limit_by_name(compute_limit(compute.name), compute.max_instances)

    def unlimit(self, compute: str) -> None:
        self._remove_limit(compute_limit(compute))

    def _remove_limit(self, name: str) -> None:
        with suppress(ObjectNotFound):
            self._client.delete_global_concurrency_limit_by_name(name)

    def count_busy(self, compute: str) -> int:
        try:
            return self._client.read_global_concurrency_limit_by_name(compute_limit(compute)).active_slots
        except ObjectNotFound:
            return 0

    def _create(self, wanted: PrefectDeployment) -> None:
        self._client.create_deployment(
            flow_id=self._client.create_flow_from_name(FLOW),
            name=wanted.name,
            description=wanted.description,
            entrypoint=wanted.entrypoint,
            work_pool_name=wanted.work_pool,
            job_variables=wanted.job_variables,
            parameter_openapi_schema=wanted.parameter_schema,
            enforce_parameter_schema=wanted.enforce_parameter_schema,
        )

    def _update(self, existing: DeploymentResponse, wanted: PrefectDeployment) -> None:
        """Change what is ours and leave what users may have set in Prefect: schedules, tags, parameters, pauses."""
        self._client.update_deployment(
            existing.id,
            DeploymentUpdate(
                description=wanted.description,
                entrypoint=wanted.entrypoint,
                work_pool_name=wanted.work_pool,
                job_variables=wanted.job_variables,
                parameter_openapi_schema=wanted.parameter_schema,
                enforce_parameter_schema=wanted.enforce_parameter_schema,
            ),
        )

    def _find(self, endpoint: str) -> DeploymentResponse | None:
        try:
            return self._client.read_deployment_by_name(f"{FLOW}/{endpoint}")
        except ObjectNotFound:
            return None

    def _ensure_work_pool(self, name: str) -> None:
        """On a server that is not ours the pool may be missing; the worker that joins it says what its jobs run in."""
        try:
            self._client.read_work_pool(name)
        except ObjectNotFound:
            try:
                self._client.create_work_pool(WorkPoolCreate(name=name, type="process"))
            except ObjectAlreadyExists:
                return
