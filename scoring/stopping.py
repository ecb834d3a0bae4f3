"""When a job ends before all its files are scored: too many failed, its script fails everywhere, or its time is up."""

import time
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from scoring.facts import Fault
from scoring.planning import Chunk
from scoring.settings import Settings

BROKEN_FILES = 20
BROKEN_PLACES = 2


@dataclass(frozen=True)
class EarlyEnd:
    """That a job ends before all its files are settled, and what that means for some of them.

    Attributes:
        cause: why, as a sentence.
        lets_finish: whether mini-batches that are being scored may be finished.
        settles_tried: whether files that failed so far have failed, though they had tries left.
    """

    cause: str
    lets_finish: bool = False
    settles_tried: bool = False


class StopRules:
    """Takes in what happens to a job and says when it must end. Used by one thread at a time."""

    def __init__(self, settings: Settings, files: int, slots: int, chunks: Sequence[Chunk]) -> None:
        """Begin to count, and the job's time.

        Args:
            settings: the job's.
            files: how many there are to score.
            slots: scoring processes at once.
            chunks: all of the job's, in order.
        """
        self.end: EarlyEnd | None = None
        self._settings = settings
        self._files = files
        self._slots = slots
        self._firsts = [chunk.first for chunk in chunks]
        self._began = time.monotonic()
        self._scored = self._failed = 0
        self._alike: dict[tuple[str, str], dict[int, Fault]] = defaultdict(dict)

    def look_at_clock(self) -> None:
        """When the job has run for max_runtime it must end, but mini-batches that are being scored may be finished."""
        limit = self._settings.max_runtime
        if self.end is None and limit is not None and time.monotonic() - self._began >= limit:
            self.end = EarlyEnd(f"max_runtime of {limit:g} s is over; the job can be resumed", lets_finish=True)

    def count(self, scored: int, failed: int) -> None:
        """Add files that are settled."""
        self._scored += scored
        self._failed += failed
        tolerated = self._settings.tolerated(self._files)
        if tolerated is not None and self._failed > tolerated:
            cause = f"{self._failed} files failed; error_threshold is {self._settings.error_threshold}"
            self.end = self.end or EarlyEnd(cause)

    def blame(self, mini_batch: int, fault: Fault) -> None:
        """Take in a failed try; when nothing succeeds and all fail alike, at several places, the script is broken."""
        if self._scored or not self._settings.fail_fast:
            return
        alike = self._alike[fault.cause]
        alike[mini_batch] = fault
        if self._is_broken(alike):
            files = sum(map(self._files_of, alike))
            cause = (
                f"the script is broken: {files} files in {len(alike)} mini-batches failed alike and none succeeded: "
                f"{fault}; settings.fail_fast: false goes on regardless"
            )
            self.end = self.end or EarlyEnd(cause, settles_tried=True)

    def _is_broken(self, alike: dict[int, Fault]) -> bool:
        """At least 20 files, two mini-batches for each slot, from two chunks where two slots or more are at work."""
        if len(alike) < 2 * self._slots or sum(map(self._files_of, alike)) < BROKEN_FILES:
            return False
        places = {bisect_right(self._firsts, index) for index in alike}
        return len(places) >= min(BROKEN_PLACES, self._slots, len(self._firsts))

    def _files_of(self, mini_batch: int) -> int:
        size = self._settings.mini_batch_size
        return min(size, self._files - mini_batch * size)
