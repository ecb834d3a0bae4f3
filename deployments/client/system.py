"""What all nouns of a client work on, and how they read what a caller hands over."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel

from blocks.store import Store
from deployments.declarations import Document, declare, document_of, read
from deployments.service.registration import Launcher
from deployments.service.telling import Tell

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

M = TypeVar("M", bound=BaseModel)
Changes = Mapping[str, object]
"""Values by dotted key, as `--set` has them: {"settings.mini_batch_size": 20}; None takes a key away."""


@dataclass(frozen=True)
class System:
    """The store and the launcher of one client, and who is told what someone should know."""

    store: Store
    launcher: Launcher
    tell: Tell

    @cached_property
    def prefect(self) -> "SyncPrefectClient":
        """Prefect's client, for what only Prefect knows of jobs."""
        from prefect.client.orchestration import get_client

        return get_client(sync_client=True)

    def declared(self, kind: type[M], given: M | str | Path, changes: Changes) -> M:
        """What a typed object or a YAML file declares, with changes. Raises: DeclarationError."""
        if isinstance(given, str | Path):
            return self.settled(kind, read(given), changes)
        return self.settled(kind, Document(given.model_dump(mode="json", exclude_unset=True)), changes)

    def changed(self, kind: type[M], registered: M, changes: Changes) -> M:
        """What is registered, with changes. Raises: DeclarationError."""
        return self.settled(kind, document_of(registered), changes)

    def settled(self, kind: type[M], document: Document, changes: Changes, place: str = "changes") -> M:
        """What a document with changes declares; what to know of how it was read is told.

        Args:
            kind: what is declared.
            document: as it was written, or as it is registered.
            changes: over what the document says.
            place: what a refusal of a change begins with.
        Raises: DeclarationError.
        """
        for key, value in changes.items():
            plain = value.model_dump(mode="json", exclude_unset=True) if isinstance(value, BaseModel) else value
            document.put(tuple(key.split(".")), str(plain) if isinstance(plain, Path) else plain, place)
        result = declare(kind, document)
        for note in result.notes:
            self.tell(note)
        return result.spec
