"""What can go wrong while files are scored, grouped by what a caller would handle."""


class ScoringError(Exception):
    """Base of everything `scoring` raises on purpose."""


class ScriptError(ScoringError):
    """The scoring script cannot be used: missing, not Python, without run(), or its init() fails."""


class InputError(ScoringError):
    """The input is not there, or holds nothing to score."""


class OutputExistsError(ScoringError):
    """The output is there already, and was not asked to be replaced."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path

    def __str__(self) -> str:
        return f"{self.path} exists already; choose another output path or file name, or remove it"
