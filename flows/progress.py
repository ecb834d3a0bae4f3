"""How far a job is, as a progress artifact in Prefect: what the UI draws and `job stream` reads."""

import time
from uuid import UUID

from prefect.artifacts import create_progress_artifact, update_progress_artifact

KEY = "progress"
SECONDS_BETWEEN = 2.0  # each update costs the server some 50 ms of CPU


class Progress:
    """Counts files done and shows them at a bounded rate; never goes backwards."""

    def __init__(self, files: int, done: int = 0) -> None:
        self._files = files
        self.done = done
        self._failed = 0
        self._artifact = self._create()
        self._shown_at = time.monotonic()
        self._shown = self._text()

    def _create(self) -> UUID:
        made = create_progress_artifact(progress=self._percent(), key=KEY, description=self._text())
        assert isinstance(made, UUID)
        return made

    def count(self, scored: int, failed: int) -> None:
        """Add files that are settled, and show it if the last time is long enough ago."""
        self.done += scored + failed
        self._failed += failed
        if time.monotonic() - self._shown_at >= SECONDS_BETWEEN:
            self.show()

    def show(self) -> None:
        """Update the artifact now, unless it says the same already."""
        self._shown_at = time.monotonic()
        if self._shown != self._text():
            self._shown = self._text()
            update_progress_artifact(self._artifact, progress=self._percent(), description=self._shown)

    def end(self, scored: int, failed: int) -> None:
        """Show what the ledger came to: it is exact where a job ended early, or news of it were lost."""
        self.done, self._failed = scored + failed, failed
        self.show()

    def _percent(self) -> float:
        return 100.0 * self.done / self._files

    def _text(self) -> str:
        return f"{self.done} of {self._files} files, {self._failed} failed"
