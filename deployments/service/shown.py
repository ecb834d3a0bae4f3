"""What `show` prints: what was declared, and beside it, in Azure's words, what the system knows.

`create` takes it back: what only the system knows is dropped there.
"""

from dataclasses import asdict
from urllib.parse import quote

from blocks.hooks import OF_DIRECTION, Hook
from blocks.names import same_name
from blocks.schedules import Schedule
from blocks.specs import Asset, Compute, Datastore, Deployment, Endpoint, Environment, Spec
from blocks.store import Store
from deployments.service import environments
from deployments.service.registration import Launcher
from scoring.environments.built import Built

Shown = dict[str, object]


def endpoint(store: Store, launcher: Launcher, spec: Endpoint) -> Shown:
    """An endpoint, where a POST starts a job, and the job sent last."""
    launched = launcher.launched(spec.name)
    return _dated(
        store,
        spec,
        scoring_uri=launched.scoring_uri if launched else None,
        provisioning_state="Succeeded" if launched else "Failed",
        last_job=launched.last_job if launched else None,
    )


def deployment(store: Store, launcher: Launcher, spec: Deployment) -> Shown:
    """A deployment, whether it is the default of its endpoint, and the job sent to it last."""
    default = store.get(Endpoint, spec.endpoint_name).defaults.deployment_name
    launched = launcher.launched(spec.endpoint_name, spec.name)
    return _dated(
        store,
        spec,
        provisioning_state="Succeeded" if launched else "Failed",
        is_default=default is not None and same_name(default, spec.name),
        last_job=launched.last_job if launched else None,
    )


def asset(store: Store, spec: Asset) -> Shown:
    """A version of a model, an environment or a data asset."""
    return _dated(store, spec, id=str(spec))


def environment(store: Store, spec: Environment) -> Shown:
    """A version of an environment, and what is built of it on this machine; null where there is nothing."""
    found = environments.built_of(spec)
    return _dated(store, spec, id=str(spec), built=built(found) if found is not None else None)


def built(environment: Built) -> Shown:
    """What was built on this machine."""
    return {
        "label": environment.label,
        "path": environment.path,
        "python": environment.python,
        "bytes": environment.bytes,
        "seconds": environment.seconds,
        "used": environment.used.isoformat(timespec="seconds"),
    }


def datastore(store: Store, spec: Datastore) -> Shown:
    """A datastore."""
    return _dated(store, spec)


def compute(store: Store, launcher: Launcher, spec: Compute) -> Shown:
    """A compute, and how many of its instances jobs have taken."""
    return _dated(store, spec, provisioning_state="Succeeded", busy_instances=launcher.count_busy(spec.name))


def schedule(store: Store, launcher: Launcher, spec: Schedule) -> Shown:
    """A schedule, and whether it sends jobs; one that was paused in Prefect does not."""
    is_enabled = launcher.is_enabled(spec.create_job.endpoint_name, spec.name)
    state = "Failed" if is_enabled is None else "Succeeded"
    return _dated(store, spec, is_enabled=bool(is_enabled), provisioning_state=state)


def hook(store: Store, launcher: Launcher, spec: Hook) -> Shown:
    """A hook, and where one of direction in takes events, which is while a gateway is up."""
    others = {name for direction, names in OF_DIRECTION.items() if direction != spec.direction for name in names}
    known = {} if spec.direction == "out" else {"events_uri": events_uri(launcher, spec)}
    return {name: value for name, value in _dated(store, spec, **known).items() if name not in others}


def events_uri(launcher: Launcher, spec: Hook) -> str | None:
    """Where a hook takes events; None for one of direction out, and while no gateway is up."""
    if spec.direction == "out":
        return None
    launched = launcher.launched(spec.endpoint_name)
    beginning, _, last = launched.scoring_uri.rpartition("/") if launched else ("", "", "")
    return f"{beginning}/events?hook={quote(spec.name)}" if last == "jobs" else None


def _dated(store: Store, spec: Spec, **known: object) -> Shown:
    dates = asdict(store.dates(type(spec), *spec.key))
    context = {name: at.isoformat(timespec="seconds") for name, at in dates.items()}
    return {**spec.model_dump(mode="json"), **known, "creation_context": context}
