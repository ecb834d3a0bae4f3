"""Every verb of deployments."""

from contextlib import ExitStack
from pathlib import Path

from blocks.names import same_name
from blocks.references import find_compute, find_model
from blocks.specs import Defaults, Deployment, Endpoint, Model
from blocks.store import Store
from deployments.service import endpoints, models, uploads
from deployments.service.datastores import ensure_default_datastore
from deployments.service.errors import ConflictError
from deployments.service.lookup import deployments_of, find, put
from deployments.service.registration import Launcher
from flows.resolve import check_instances
from scoring.script_check import check_script


def create(
    store: Store, launcher: Launcher, deployment: Deployment, *, set_default: bool = False, check: bool = True
) -> Deployment:
    """Register a deployment under its endpoint, or change the one of its name.

    Its code is copied, an inline model registered, and a model's newest version pinned, so that what the deployment
    runs changes only when it does.

    Args:
        store: where it is registered.
        launcher: told of what the endpoint now has.
        deployment: as declared; paths absolute.
        set_default: whether jobs that name no deployment go to this one from now on.
        check: whether the scoring script is looked at first.
    Raises: NotRegistered for an endpoint, model or compute that is not there; UnusableError for code or a model's
        path; JobRefusedError for more instances than the compute has; ScriptError for a script that could never
        score. Nothing is registered then.
    """
    endpoint = store.get(Endpoint, deployment.endpoint_name)
    existing = find(store, Deployment, endpoint.name, deployment.name)
    compute = find_compute(store, deployment.compute)
    check_instances(deployment, compute)
    code = _checked_code(deployment, check)
    inline = deployment.model if isinstance(deployment.model, Model) else None
    if inline is None:
        model = find_model(store, str(deployment.model))
    with ExitStack() as undo:
        copied = _copy_code(store, code, undo)
        if inline is not None:
            model = _register_model(store, inline, undo)
        registered = deployment.model_copy(
            update={
                "name": existing.name if existing else deployment.name,
                "endpoint_name": endpoint.name,
                "compute": compute.name,
                "model": f"azureml:{model.name}:{model.version}",
                "code_configuration": deployment.code_configuration.model_copy(update={"code": str(copied)}),
            }
        )
        put(store, registered, existing, undo)
        _point(store, launcher, endpoint, registered.name if set_default else endpoint.defaults.deployment_name)
        undo.pop_all()
    return registered


def update(store: Store, launcher: Launcher, deployment: Deployment, *, check: bool = True) -> Deployment:
    """Change a deployment that is there. Raises: as create does."""
    show(store, deployment.endpoint_name, deployment.name)
    return create(store, launcher, deployment, check=check)


def show(store: Store, endpoint: str, name: str) -> Deployment:
    """A deployment of an endpoint. Raises: NotRegistered, for the endpoint or the deployment."""
    return store.get(Deployment, store.get(Endpoint, endpoint).name, name)


def list_all(store: Store, endpoint: str) -> list[Deployment]:
    """An endpoint's deployments, the first registered first. Raises: NotRegistered."""
    return deployments_of(store, store.get(Endpoint, endpoint).name)


def delete(store: Store, launcher: Launcher, endpoint_name: str, name: str) -> None:
    """Forget a deployment.

    Raises: NotRegistered; ConflictError when it is the default and the endpoint has others.
    """
    endpoint = store.get(Endpoint, endpoint_name)
    deployment = store.get(Deployment, endpoint.name, name)
    default = endpoint.defaults.deployment_name
    others = [each.name for each in deployments_of(store, endpoint.name) if each.key != deployment.key]
    is_default = default is not None and same_name(default, deployment.name)
    if is_default and others:
        raise ConflictError(
            f"deployment {deployment.name!r} is the default of endpoint {endpoint.name!r}; point the default at "
            f"another first: batchpoint batch-endpoint update --name {endpoint.name} "
            f"--set defaults.deployment_name={others[0]}"
        )
    with ExitStack() as undo:
        store.delete(Deployment, *deployment.key)
        undo.callback(store.put, deployment)
        _point(store, launcher, endpoint, None if is_default else default)
        undo.pop_all()


def _point(store: Store, launcher: Launcher, endpoint: Endpoint, default: str | None) -> None:
    """Set an endpoint's default, and tell Prefect what the endpoint now has; the default stays where Prefect fails."""
    pointed = endpoint.model_copy(update={"defaults": Defaults(deployment_name=default)})
    with ExitStack() as undo:
        if pointed != endpoint:
            put(store, pointed, endpoint, undo)
        endpoints.register(store, launcher, pointed)
        undo.pop_all()


def _checked_code(deployment: Deployment, check: bool) -> uploads.Content:
    configuration = deployment.code_configuration
    content = uploads.code_content(Path(configuration.code))
    if check:
        check_script(Path(configuration.code) / configuration.scoring_script)
    return content


def _copy_code(store: Store, code: uploads.Content, undo: ExitStack) -> Path:
    target = uploads.local_root(ensure_default_datastore(store)) / "code" / code.digest
    if uploads.put(code, target):
        undo.callback(uploads.remove, target)
    return target


def _register_model(store: Store, inline: Model, undo: ExitStack) -> Model:
    known = {each.key for each in models.list_versions(store, inline.name)}
    model = models.create(store, inline)
    if model.key not in known:
        undo.callback(models.delete, store, *model.key)
    return model
