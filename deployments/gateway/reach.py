"""What callers from outside may have read and written: what the operator registered or allowed, and nothing else."""

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import httpx

from blocks.invocation import Invocation
from blocks.names import JOBS, same_name
from blocks.specs import Datastore
from blocks.store import Store
from deployments.gateway.errors import RefusedError
from flows.paths import DEFAULT_DATASTORE, IN_DATASTORE, names_data_asset
from scoring.access import lies_in
from scoring.storage import as_url

OURS = {"models", "code", "localupload"}
"""Folders of the default datastore that hold what others registered; in any datastore JOBS may hold others' jobs."""
LOCAL = {"", "file", "local", "memory"}
WEB = {"http", "https"}
PATIENCE = 10.0
INSTEAD = "write azureml://datastores/NAME/paths/PATH, or a data asset as azureml:NAME@latest"


@dataclass(frozen=True)
class Reach:
    """The URLs below which callers may read and write, beside datastores and data assets."""

    allowed: tuple[str, ...] = ()

    def check(self, store: Store, asked: Invocation) -> None:
        """Refuse an input or an output that is out of reach. Raises: RefusedError."""
        assert asked.files.path is not None, "an invocation without files is refused when it is read"
        self.check_input(store, asked.files.path)
        if asked.output is not None:
            self._check(store, "output", asked.output)

    def check_input(self, store: Store, path: str) -> None:
        """Refuse an input that is out of reach. Raises: RefusedError."""
        if not names_data_asset(path):
            self._check(store, "input", path)

    def _check(self, store: Store, what: str, path: str) -> None:
        if _has_tricks(path):
            raise _out_of_reach(f"{what} {path!r} is written so that it may mean another place; {INSTEAD}")
        if found := IN_DATASTORE.match(path):
            _check_folder(what, found["store"], found["path"] or "")
            return
        if urlsplit(path).scheme in LOCAL:
            raise _out_of_reach(f"{what} {path!r} is a file of this machine, which callers cannot reach; {INSTEAD}")
        if any(lies_in(path, root) for root in self.allowed):
            if urlsplit(path).scheme in WEB:
                _check_answer(path)
            return
        datastore = next((each for each in _remote(store) if lies_in(path, _root(each))), None)
        if datastore is None:
            raise _out_of_reach(
                f"{what} {path!r} is in no datastore, and below no URL that this gateway allows; {INSTEAD}, or have "
                "its operator allow a URL: batchpoint gateway --allow URL"
            )
        _check_folder(what, datastore.name, path.removeprefix(_root(datastore)))


def _remote(store: Store) -> list[Datastore]:
    return [each for each in store.list(Datastore) if each.type != "local"]


def _root(datastore: Datastore) -> str:
    return as_url(datastore.root).rstrip("/")


def _has_tricks(path: str) -> bool:
    """Chained file systems, steps upwards, however they are written, user names and what ends a line."""
    plain = unquote(unquote(path))
    steps = plain.replace("\\", "/").split("/")
    written = path if IN_DATASTORE.match(path) else urlsplit(path).netloc
    return "::" in plain or ".." in steps or not plain.isprintable() or "\\" in plain or "@" in written


def _check_folder(what: str, datastore: str, path: str) -> None:
    first = unquote(path).strip("/").partition("/")[0].lower()
    is_ours = same_name(datastore, DEFAULT_DATASTORE) and first in OURS
    if is_ours or first in {"", JOBS}:
        raise _out_of_reach(
            f"{what} azureml://datastores/{datastore}/paths{path} is among what Batchpoint keeps for others; give "
            "another folder of the datastore"
        )


def _check_answer(url: str) -> None:
    """A page that sends the caller elsewhere could send it anywhere."""
    try:
        answer = httpx.head(url, follow_redirects=False, timeout=PATIENCE)
    except httpx.HTTPError as error:
        raise RefusedError(400, "BadRequest", f"{url} does not answer: {error}; give a URL that does") from error
    if answer.is_redirect:
        raise _out_of_reach(f"{url} sends on to another URL; give the URL that it sends to, if it is allowed here")


def _out_of_reach(message: str) -> RefusedError:
    return RefusedError(403, "OutOfReach", message)
