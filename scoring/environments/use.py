"""Have an environment on this machine: as it is, built before, or built now."""

import logging
import time
from collections.abc import Callable
from typing import Self

from scoring.environments import built, installers
from scoring.environments.built import TARGET, Built
from scoring.environments.errors import BuildFailedError, EnvironmentUnusableError
from scoring.environments.locks import Lock
from scoring.environments.recipe import Recipe
from scoring.environments.running import InstallerFailedError, run

log = logging.getLogger(__name__)
Tell = Callable[[str], None]
MIB = 1 << 20


class Use:
    """An environment that is there, and stays while this is open; what is open ends with its process.

    Attributes:
        python: its interpreter.
        built: what was built; None where the recipe is an interpreter as it is.
    """

    def __init__(self, python: str, built: Built | None = None, lock: Lock | None = None) -> None:
        self.python, self.built, self._lock = python, built, lock

    @classmethod
    def open(cls, recipe: Recipe, label: str, tell: Tell = log.info) -> Self:
        """Use an environment; where it is not built yet, it is now. Many may ask at once: one of them builds.

        Args:
            recipe: what it is made of.
            label: what to call it, such as "environment torch 1".
            tell: given the lines that a build prints, and a sentence before and after.
        Raises: EnvironmentUnusableError; nothing half-built is left then.
        """
        if not recipe.is_built:
            return cls(recipe.interpreter().path)
        digest = recipe.digest()
        lock = built.lock_of(digest)
        try:
            while True:
                lock.share(lambda: tell(f"{label} is being built by another process; waiting for it"))
                if found := built.read(digest):
                    found.note_use()
                    return cls(found.python, found, lock)
                lock.close()
                _build(recipe, label, digest, tell)
                lock = built.lock_of(digest)
        except BaseException:
            lock.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Need it no longer; prune may take it then."""
        lock, self._lock = self._lock, None
        if lock is not None:
            lock.close()


def build(recipe: Recipe, label: str, tell: Tell) -> Built | None:
    """Have an environment built; None when there is nothing to build. Raises: EnvironmentUnusableError."""
    with Use.open(recipe, label, tell) as use:
        return use.built


def _build(recipe: Recipe, label: str, digest: str, tell: Tell) -> None:
    """Build an environment where it will stay: its programs, and all that conda installs, hold the folder's name.

    What a build that was killed has left is removed first. What makes it whole is the file that is written last.
    """
    with built.lock_of(digest) as lock:
        lock.take(lambda: tell(f"{label} is being built by another process; waiting for it"))
        if built.read(digest) is not None:
            return
        built.clear(digest)
        folder = built.shelf() / digest
        folder.mkdir(mode=0o755, parents=True)
        began = time.monotonic()
        try:
            commands = installers.commands(recipe, folder, folder / TARGET)
            tell(f"building {label} in {folder}")
            for command in commands:
                run(command, folder=folder, environment=installers.variables(), held=lock.descriptor, relay=tell)
            built.write(digest, recipe, label, began)
        except InstallerFailedError as error:
            built.clear(digest)
            why = f"{error.reason}; {hint}" if (hint := installers.hint(error.lines)) else error.reason
            raise BuildFailedError(label, why, error.lines) from error
        except OSError as error:
            built.clear(digest)
            raise BuildFailedError(label, f"{error.filename or folder}: {error.strerror}") from error
        except BaseException:
            built.clear(digest)
            raise
        done = built.read(digest)
        assert done is not None
        tell(f"built {label} in {done.seconds:.0f} s; it takes {done.bytes / MIB:.0f} MiB")


__all__ = ["Built", "EnvironmentUnusableError", "Use", "build"]
