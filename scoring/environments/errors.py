"""Why an environment cannot be had on this machine."""

from collections.abc import Sequence

from scoring.errors import ScoringError


class EnvironmentUnusableError(ScoringError):
    """Base: a scoring script cannot be run with what its environment declares."""


class PythonMissingError(EnvironmentUnusableError):
    """No interpreter on this machine is the one that an environment asks for."""


class InstallerMissingError(EnvironmentUnusableError):
    """What an environment would be built with is not on this machine."""


class BuildFailedError(EnvironmentUnusableError):
    """A build came to nothing; nothing of it is left."""

    def __init__(self, label: str, reason: str, lines: Sequence[str] = ()) -> None:
        super().__init__(label, reason, lines)
        self.label, self.reason, self.lines = label, reason, lines

    def __str__(self) -> str:
        said = f"{self.label} cannot be built: {self.reason}"
        return "\n    ".join([f"{said}; it said at the end:", *self.lines]) if self.lines else said
