"""Every verb of deployments."""

from contextlib import ExitStack
from pathlib import Path

from filelock import FileLock

from blocks.names import same_name
from blocks.references import find_compute, find_environment, find_model
from blocks.specs import Asset, CodeConfiguration, Compute, Defaults, Deployment, Endpoint, Environment, Model
from blocks.store import Store
from deployments.service import assets, endpoints, environments, models, sources, uploads
from deployments.service.datastores import ensure_default_datastore
from deployments.service.errors import ConflictError, about
from deployments.service.lookup import deployments_of, find, put
from deployments.service.registration import Launcher
from deployments.service.telling import Tell, nobody
from deployments.service.without_script import fill_in, scripted
from flows.resolve import check_instances
from scoring import tracking
from scoring.script_check import check_script


def create(
    store: Store,
    launcher: Launcher,
    deployment: Deployment,
    *,
    set_default: bool = False,
    check: bool = True,
    build: bool = False,
    tell: Tell = nobody,
) -> Deployment:
    """Register a deployment under its endpoint, or change the one of its name.

    Its code is copied, an inline model or environment registered, and newest versions pinned, so that what the
    deployment runs changes only when it does.

    Args:
        store: where it is registered.
        launcher: told of what the endpoint now has.
        deployment: as declared; local paths absolute.
        set_default: whether jobs that name no deployment go to this one from now on.
        check: whether the scoring script is looked at first.
        build: whether its environment is built first, where its jobs run on this machine; else its first job does it.
        tell: told what someone should know beside the result.
    Raises: NotRegistered for an endpoint, model, environment or compute that is not there; UnusableError for code or
        a model's path; JobRefusedError for more instances than the compute has; ScriptError for a script that could
        never score; EnvironmentUnusableError for an environment that cannot be built; as sources.at_hand for code in a
        store. Nothing is registered then.
    """
    whole = fill_in(store, deployment)
    declared = scripted(whole)
    with sources.at_hand(store, declared.code, "code_configuration", "code") as code:
        local = whole.model_copy(update={"code_configuration": declared.model_copy(update={"code": str(code)})})
        return _create(store, launcher, local, set_default=set_default, check=check, build=build, tell=tell)


def _create(
    store: Store, launcher: Launcher, deployment: Deployment, *, set_default: bool, check: bool, build: bool, tell: Tell
) -> Deployment:
    with about("endpoint_name"):
        endpoint = store.get(Endpoint, deployment.endpoint_name)
    existing = find(store, Deployment, endpoint.name, deployment.name)
    compute = _compute(store, deployment)
    with about("code_configuration"):
        code = _checked_code(scripted(deployment), check)
    _check_references(store, deployment)
    with about("settings", "tracking_uri"):
        tracking.check_installed(deployment.settings)
    with about("environment"):
        _prepare_environment(store, deployment, compute, tell, build=build)
    folder = uploads.local_root(ensure_default_datastore(store)) / "code"
    folder.mkdir(parents=True, exist_ok=True)
    # Held to the end: taking back a copy must not take it from another deployment that was given the same one.
    with FileLock(folder / f".{code.digest}.lock"), ExitStack() as undo:
        pinned = {
            "name": existing.name if existing else deployment.name,
            "endpoint_name": endpoint.name,
            "compute": compute.name,
            "model": str(_model(store, deployment.model, undo)),
            "environment": _environment(store, deployment.environment, undo),
            "code_configuration": _copied(scripted(deployment), code, folder, undo),
        }
        registered = deployment.model_copy(update=pinned)
        put(store, registered, existing, undo)
        _point(store, launcher, endpoint, registered.name if set_default else endpoint.defaults.deployment_name)
        undo.pop_all()
    return registered


def update(
    store: Store,
    launcher: Launcher,
    deployment: Deployment,
    *,
    check: bool = True,
    build: bool = False,
    tell: Tell = nobody,
) -> Deployment:
    """Change a deployment that is there; jobs that run go on as they began. Raises: as create does."""
    show(store, deployment.endpoint_name, deployment.name)
    return create(store, launcher, deployment, check=check, build=build, tell=tell)


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


def _compute(store: Store, deployment: Deployment) -> Compute:
    with about("compute"):
        compute = find_compute(store, deployment.compute)
    with about("resources", "instance_count"):
        check_instances(deployment, compute)
    return compute


def _checked_code(configuration: CodeConfiguration, check: bool) -> uploads.Content:
    with about("code"):
        content = uploads.code_content(Path(configuration.code))
    if check:
        with about("scoring_script"):
            check_script(Path(configuration.code) / configuration.scoring_script)
    return content


def _check_references(store: Store, deployment: Deployment) -> None:
    """Refuse what is not registered before anything is copied."""
    with about("model"):
        if isinstance(deployment.model, str):
            find_model(store, deployment.model)
    with about("environment"):
        if isinstance(deployment.environment, str):
            find_environment(store, deployment.environment)


def _copied(
    configuration: CodeConfiguration, code: uploads.Content, folder: Path, undo: ExitStack
) -> CodeConfiguration:
    target = folder / code.digest
    if uploads.put(code, target):
        undo.callback(uploads.remove, target)
    return configuration.model_copy(update={"code": str(target)})


def _model(store: Store, given: str | Model, undo: ExitStack) -> Model:
    if isinstance(given, str):
        return find_model(store, given)
    known = _known(store, given)
    with about("model"):
        model = models.create(store, given)
    if model.key not in known:
        undo.callback(models.delete, store, *model.key)
    return model


def _prepare_environment(store: Store, deployment: Deployment, compute: Compute, tell: Tell, *, build: bool) -> None:
    given = deployment.environment
    environment = find_environment(store, given) if isinstance(given, str) else given
    if environment is None:
        return
    environments.tell_what_is_left_out(environment, tell)
    if not environments.is_built(environment):
        return
    if build and compute.type == "local":
        environments.prepare(environment, tell)
    elif environments.built_of(environment) is None:
        tell(f"{environments.label(environment)} is built when the first job needs it")


def _environment(store: Store, given: str | Environment | None, undo: ExitStack) -> str | None:
    if given is None:
        return None
    return str(find_environment(store, given) if isinstance(given, str) else _inline(store, given, undo))


def _inline(store: Store, given: Environment, undo: ExitStack) -> Environment:
    known = _known(store, given)
    environment = environments.create(store, given)
    if environment.key not in known:
        undo.callback(environments.delete, store, *environment.key)
    return environment


def _known(store: Store, inline: Asset) -> set[tuple[str, ...]]:
    return {each.key for each in assets.list_versions(store, type(inline), inline.name)}
