"""Where secrets are kept that must be read again: the seam, and its twin in memory."""

from contextlib import suppress
from typing import Any, Protocol


class Secrets(Protocol):
    """Secrets by name, which nothing shows."""

    def keep(self, name: str, secret: str) -> None:
        """Keep a secret, in place of the one of its name."""

    def read(self, name: str) -> str | None:
        """The secret of this name, if there is one."""

    def forget(self, name: str) -> None:
        """Delete the secret of this name, if there is one."""


class PrefectSecrets:
    """Secrets in Prefect's Secret blocks, which Prefect keeps encrypted."""

    def keep(self, name: str, secret: str) -> None:
        _block()(value=secret).save(name, overwrite=True)

    def read(self, name: str) -> str | None:
        try:
            loaded = _block().load(name)
        except ValueError:  # what Prefect raises for a block that is not there
            return None
        return str(loaded.get())

    def forget(self, name: str) -> None:
        with suppress(ValueError):
            _block().delete(name)


class MemorySecrets:
    """Secrets that end with their process, for tests and for trying things."""

    def __init__(self) -> None:
        self._kept: dict[str, str] = {}

    def keep(self, name: str, secret: str) -> None:
        self._kept[name] = secret

    def read(self, name: str) -> str | None:
        return self._kept.get(name)

    def forget(self, name: str) -> None:
        self._kept.pop(name, None)


def _block() -> Any:
    """Prefect is imported where it is needed: it takes a second."""
    from prefect.blocks.system import Secret

    return Secret
