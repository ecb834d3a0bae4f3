"""Every verb of models."""

from contextlib import ExitStack
from pathlib import Path

from filelock import FileLock

from blocks.specs import Model
from blocks.store import Store
from deployments.service import assets, sources, uploads
from deployments.service.assets import Shown
from deployments.service.datastores import ensure_default_datastore
from deployments.service.errors import ConflictError, UnusableError, about
from deployments.service.telling import Tell, nobody
from flows.contents import check_model, digests_file

GET_IT_FIRST = {
    "azureml://jobs/": "fetch the job's output with `batchpoint job download`, and give its local path",
}


def create(store: Store, model: Model, tell: Tell = nobody) -> Model:
    """Copy a model into the default datastore and register it; versions never change.

    Without a version it gets the next whole number, or stays the newest version where that has the same content.
    Its copy lies alone in a folder of its own, which is the registered path; what lies in a store is fetched for it.
    Raises: UnusableError for a path that is not there; ConflictError when the version exists with other content; as
        sources.at_hand.
    """
    with about("path"):
        _refuse_what_lies_elsewhere(model.path)
    with sources.at_hand(store, model.path, "path") as source:
        return _register(store, model, source, tell)


def _register(store: Store, model: Model, source: Path, tell: Tell) -> Model:
    with about("path"):
        content = uploads.named_content(_inside(source), "model path")
    folder = _folder(store)

    def keep(named: Model, undo: ExitStack) -> Model:
        target = folder / named.name / str(named.version)
        uploads.remove(target)  # nothing is registered there: what is left of an upload that was cut off
        undo.callback(uploads.remove, target)
        uploads.put(content, target)
        uploads.write_digests(content, target)
        return named.model_copy(update={"path": str(target)})

    with FileLock(folder / f".{model.name.lower()}.lock"):
        return assets.register(store, model.model_copy(update={"digest": content.digest}), keep, tell)


def show(store: Store, name: str, version: str | None = None) -> Model:
    """A model in a version, or in its newest. Raises: NotRegistered."""
    return assets.show(store, Model, name, version)


def list_all(store: Store, shown: Shown = "active") -> list[Model]:
    """Every version of every model, by name, the first registered first."""
    return assets.list_all(store, Model, shown)


def list_versions(store: Store, name: str, shown: Shown = "all") -> list[Model]:
    """A model's versions, the first registered first; none when there is no such model."""
    return assets.list_versions(store, Model, name, shown)


def download(store: Store, target: Path, name: str, version: str | None = None) -> Path:
    """Copy a model's files into `target`/NAME, which appears whole.

    Returns: the folder, which holds the file or folder that was registered.
    Raises: NotRegistered; JobRefusedError when the copy is not what was registered; ConflictError when the folder is
        there already.
    """
    model = show(store, name, version)
    check_model(model)
    folder = target.absolute() / model.name
    if not uploads.put(uploads.copied_content(Path(model.path)), folder):
        raise ConflictError(f"{folder} exists already; remove it, or give another --download-path")
    return folder


def delete(store: Store, name: str, version: str | None = None) -> None:
    """Forget a model's version and remove its copy; the version may be left out when there is one only.

    Raises: NotRegistered; ConflictError when deployments use it, or when it is not clear which version is meant.
    """
    model = assets.chosen(store, Model, name, version)
    assets.delete(store, model)
    copy = _folder(store) / model.key[0] / model.key[1]
    if Path(model.path) == copy:  # a path edited by hand may be anything, so nothing else is removed
        uploads.remove(copy)


def _folder(store: Store) -> Path:
    folder = uploads.local_root(ensure_default_datastore(store)) / "models"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _refuse_what_lies_elsewhere(path: str) -> None:
    for form, advice in GET_IT_FIRST.items():
        if path.startswith(form):
            raise UnusableError(f"model path {path} is not on this machine; {advice}")


def _inside(source: Path) -> Path:
    """What was registered already is taken from inside its folder."""
    if source.is_dir() and source.name and digests_file(source).is_file():
        (source,) = source.iterdir()
    return source
