"""What is missing where run() returned fewer rows than it was given files."""

from scoring.facts import Fault
from scoring.process import Scored


def missing_files(files: int, scored: Scored) -> tuple[list[int], Fault | None]:
    """Positions of the files that count as failed, and why; none where there are as many rows as files, or more.

    A short return is not retried (azure-semantics 2.6). Its missing files are told by name where every row names its
    file; otherwise the last ones are counted, and the reason says that it is a count.
    """
    if scored.rows >= files:
        return [], None
    said = f"run() returned {scored.rows} rows for {files} files"
    if scored.named is not None:
        missing = [position for position in range(files) if position not in scored.named]
        message = f"{said}, none of them for this one"
    else:
        missing = list(range(scored.rows, files))
        message = f"{said}; no row names its file, so it is not known which are missing: the last count"
    return missing, Fault(error="short_return", message=message)
