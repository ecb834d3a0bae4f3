"""Every verb of schedules: jobs that an endpoint gets on time."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blocks.names import same_name
from blocks.references import find_compute
from blocks.schedules import Schedule, ScheduledJob
from blocks.specs import Endpoint
from blocks.store import Store
from deployments.service.errors import ConflictError, about
from deployments.service.lookup import find, put
from deployments.service.registration import Launcher, Timed
from flows.resolve import adjust, check_reach, find_deployment

if TYPE_CHECKING:
    from deployments.service.submission import Request


def create(store: Store, launcher: Launcher, schedule: Schedule) -> Schedule:
    """Register a schedule, or change the one of its name, which stays enabled or disabled as it is.

    Raises: NotRegistered for its endpoint; JobRefusedError for its deployment or its settings; ConflictError when the
        one of its name sends jobs to another endpoint; UnusableError for a cron expression that cannot be bounded.
    """
    job = schedule.create_job
    endpoint = store.get(Endpoint, job.endpoint_name)
    adjusted = adjust(find_deployment(store, endpoint.name, job.deployment_name), job.settings)
    with about("create_job", "input"):
        check_reach(store, _absolute(job.input), find_compute(store, adjusted.compute))
    existing = find(store, Schedule, schedule.name)
    if existing is not None:
        _check_same_endpoint(existing, schedule)
        schedule = schedule.model_copy(update={"name": existing.name})
    with ExitStack() as undo:
        put(store, schedule, existing, undo)
        _put_into_prefect(launcher, schedule)
        undo.pop_all()
    return schedule


def _check_same_endpoint(existing: Schedule, schedule: Schedule) -> None:
    before, after = existing.create_job.endpoint_name, schedule.create_job.endpoint_name
    if not same_name(before, after):
        raise ConflictError(
            f"schedule {existing.name!r} sends jobs to endpoint {before!r}, and a schedule stays with its endpoint; "
            f"give this one another name, or delete that one: batchpoint schedule delete --name {existing.name}"
        )


def _put_into_prefect(launcher: Launcher, schedule: Schedule, *, is_enabled: bool | None = None) -> None:
    job = schedule.create_job
    timed = Timed(schedule.name, schedule.trigger, parameters_of(job))
    launcher.schedule(job.endpoint_name, timed, is_enabled=is_enabled)


def parameters_of(job: ScheduledJob) -> dict[str, Any]:
    """The parameters of the flow runs that a schedule creates: a default deployment is followed when they run."""
    given = {
        "input": _absolute(job.input),
        "deployment": job.deployment_name,
        "output": _absolute(job.output) if job.output else None,
        "settings": job.settings.model_dump(mode="json", exclude_none=True),
    }
    return {name: value for name, value in given.items() if value}


def _absolute(text: str) -> str:
    if "://" in text or text.startswith("azureml:"):
        return text
    return str(Path(text).expanduser().absolute())


def show(store: Store, name: str) -> Schedule:
    """A schedule. Raises: NotRegistered."""
    return store.get(Schedule, name)


def list_all(store: Store) -> list[Schedule]:
    """Every schedule, by name."""
    return sorted(store.list(Schedule), key=lambda each: each.name.lower())


def switch(store: Store, launcher: Launcher, name: str, *, is_enabled: bool) -> Schedule:
    """Have a schedule send jobs from now on, or none; also where Prefect had lost it. Raises: NotRegistered."""
    schedule = show(store, name)
    _put_into_prefect(launcher, schedule, is_enabled=is_enabled)
    return schedule


def delete(store: Store, launcher: Launcher, name: str) -> None:
    """Forget a schedule; jobs that it sent stay. Raises: NotRegistered."""
    schedule = show(store, name)
    launcher.unschedule(schedule.create_job.endpoint_name, schedule.name)
    store.delete(Schedule, schedule.name)


def request_of(schedule: Schedule) -> "Request":
    """The job that a schedule sends, to be sent now."""
    from deployments.service.submission import Request  # brings Prefect, which the other verbs do without

    job = schedule.create_job
    return Request(
        endpoint=job.endpoint_name,
        input=job.input,
        deployment=job.deployment_name,
        output=job.output,
        overrides=job.settings,
    )
