"""Which files of a folder stay behind when it is copied: .amlignore says it, or else .gitignore."""

from collections.abc import Callable
from pathlib import Path

from deployments.service.errors import UnusableError

FILES = (".amlignore", ".gitignore")


def nothing(path: str) -> bool:  # noqa: ARG001 - the shape of what `ignored` gives
    """Leave nothing behind."""
    return False


def ignored(folder: Path) -> Callable[[str], bool]:
    """Whether a path inside the folder, of a folder with a slash at its end, stays behind.

    The file that says it stays behind as well. Raises: UnusableError for a pattern that is none.
    """
    file = next((folder / name for name in FILES if (folder / name).is_file()), None)
    if file is None:
        return nothing
    from pathspec import GitIgnoreSpec

    try:
        spec = GitIgnoreSpec.from_lines(file.read_text(encoding="utf-8").splitlines())
    except ValueError as error:
        raise UnusableError(f"{file} cannot be used: {error}; each line is a pattern as git has them") from error
    return lambda path: path == file.name or spec.match_file(path)
