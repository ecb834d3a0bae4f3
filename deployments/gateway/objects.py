"""Objects of stores as callers call them: by a datastore and a path in it."""

from dataclasses import dataclass
from posixpath import dirname

from blocks.hooks import Hook
from blocks.names import JOBS, same_name
from blocks.specs import Datastore
from blocks.store import Store
from deployments.gateway.errors import RefusedError
from deployments.gateway.notices import Notice
from flows.paths import IN_DATASTORE, resolve_url
from scoring.access import lies_in
from scoring.storage import as_url


@dataclass(frozen=True)
class Objects:
    """Finds the datastores that objects lie in.

    Attributes:
        datastores: those that there are.
    """

    datastores: tuple[Datastore, ...]

    def path(self, notice: Notice) -> str:
        """azureml://datastores/NAME/paths/PATH of an object, else its URL as it is, or what a plain event says.

        Raises: RefusedError for a container of an account that no datastore has: its URL might mean another's.
        """
        roots = {self._root(each): each.name for each in self.datastores if self._may_hold(each, notice)}
        root = max((each for each in roots if lies_in(notice.url, each)), key=len, default=None)
        if root is None and notice.account is not None:
            raise RefusedError(
                403,
                "OutOfReach",
                f"no datastore holds {notice.url} of storage account {notice.account!r}; to register one: batchpoint "
                "datastore create --file datastore.yml",
            )
        if root is None:
            return notice.url
        return f"azureml://datastores/{roots[root]}/paths/{notice.url.removeprefix(root).lstrip('/')}"

    @staticmethod
    def _root(datastore: Datastore) -> str:
        return as_url(datastore.root).rstrip("/")

    @staticmethod
    def _may_hold(datastore: Datastore, notice: Notice) -> bool:
        if datastore.type == "local" or not notice.is_object:
            return False
        return notice.account is None or same_name(datastore.account_name or "", notice.account)


def wanted(store: Store, hook: Hook, path: str) -> str | None:
    """What a job is to score when an object is at `path`: its folder or itself; None when the hook passes it over.

    What jobs write is passed over, as they would otherwise make jobs of their own output for ever.
    """
    found = IN_DATASTORE.match(path)
    inside = (found["path"] or "") if found else path.partition("://")[2].partition("/")[2]
    inside = inside.strip("/")
    if found and inside.partition("/")[0].lower() == JOBS:
        return None
    if not inside.startswith(hook.prefix) or not inside.endswith(hook.suffix):
        return None
    if hook.output and lies_in(resolve_url(store, path), resolve_url(store, hook.output).rstrip("/")):
        return None
    return path if hook.input == "object" else dirname(path)
