"""Whether all systems came to the same rows."""

import hashlib
from collections import Counter
from pathlib import Path

import pandas as pd

from benchmarks.errors import BenchmarkError


class Rows:
    """The rows of the first system that scored a case, which those of all others must equal."""

    def __init__(self) -> None:
        self._lines: list[str] | None = None

    @property
    def digest(self) -> str:
        """sha256 of the sorted rows."""
        return hashlib.sha256("\n".join(self._lines or []).encode()).hexdigest()

    def check(self, name: str, output: Path, files: int) -> None:
        """Compare a system's rows; where it scored fewer files, they must be among the others'.

        Args:
            name: the system's, for the error.
            output: its CSV file with a header.
            files: how many it was given.
        Raises: BenchmarkError when a row is missing, doubled or different.
        """
        found = _lines(output)
        if len(found) != files:
            raise BenchmarkError(f"{name} gave {len(found)} rows for {files} files")
        if self._lines is None or len(self._lines) < len(found):
            self._lines, found = found, self._lines or found
        different = Counter(found) - Counter(self._lines)
        if different:
            raise BenchmarkError(
                f"{different.total()} rows of {name} are not those of the systems before it, for example: "
                f"{min(different)}"
            )


def _lines(output: Path) -> list[str]:
    """Sorted lines. Ray turns 32-bit floats into 64-bit ones, which are written with digits that mean nothing."""
    read = pd.read_csv(output)
    wide = dict.fromkeys(read.select_dtypes("float64"), "float32")
    return sorted(read.astype(wide).to_csv(header=False, index=False).splitlines())
