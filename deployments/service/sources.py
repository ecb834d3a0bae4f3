"""What users hand over, read where it lies: on this machine, or in a store, from which it is fetched."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath

from blocks.store import Store
from deployments.service import from_mlflow
from deployments.service.errors import UnusableError, about
from flows.access import open_urls
from flows.paths import names_data_asset, resolve_url
from scoring.access import called
from scoring.errors import InputError
from scoring.fetch import NO_FILE_NAMES
from scoring.finding import find, locate
from scoring.held_folder import HeldFolder
from scoring.refusals import reason_of
from scoring.storage import Folder, at_once


@contextmanager
def at_hand(store: Store, path: str, *field: str) -> Iterator[Path]:
    """A file or folder as a local path; what lies in a store is fetched, and removed afterwards.

    Args:
        store: where datastores are looked up.
        path: azureml://datastores/NAME/paths/PATH, any URL, or an absolute local path, which need not be there.
        field: of the declaration that has the path; a refusal is about that.
    Raises: UnusableError when a store has nothing there, or what no disk can hold; StoreError when it denies it;
        NotRegistered for a datastore; JobRefusedError for another form of path.
    """
    with ExitStack() as kept:
        with about(*field):
            is_mlflows = from_mlflow.is_kept_by_mlflow(path)
            source = path if is_mlflows or names_data_asset(path) else resolve_url(store, path)
            if "://" in source or is_mlflows:
                scratch = kept.enter_context(HeldFolder("fetched"))
                source = str(_fetch(store, source, field[-1], scratch))
        yield Path(source)


def _fetch(store: Store, url: str, what: str, scratch: Path) -> Path:
    """Copy a file or folder of a store into a local folder, where it has its own name."""
    if from_mlflow.is_kept_by_mlflow(url):
        return from_mlflow.fetch(url, scratch)
    open_urls(store, url)
    try:
        root, only = locate(url)
    except InputError:
        raise UnusableError(f"{what} {called(url)} is not there; give the path of a file or folder") from None
    copy = scratch / PurePosixPath(url).name
    try:
        if only is not None:
            _get(root, only, copy)
        else:
            at_once(lambda file: _get(root, file.path, copy / file.path), find(root))
    except OSError as error:
        raise UnusableError(f"{what} {called(url)} cannot be fetched: {reason_of(error)}") from error
    return copy


def _get(root: Folder, name: str, target: Path) -> None:
    if not NO_FILE_NAMES.isdisjoint(name.split("/")):
        raise UnusableError(
            f"{called(root.url_of(name))} has a part that is empty, . or .., which no file on this machine can have; "
            "rename it"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    root.fetch(name, target)
