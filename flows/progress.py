"""How far a job is, as a progress artifact in Prefect: what the UI draws and `job stream` reads."""

import time
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from prefect.artifacts import create_progress_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import ArtifactUpdate

from flows.bulletins import Bulletin, grouped
from flows.pace import Pace
from flows.standing import CAUSES_NAMED, Standing
from scoring.slot_states import SlotState

KEY = "progress"
SOONEST, LATEST = 1.0, 5.0  # seconds between updates, each of which costs the server some 20 ms of CPU
OF_RUNNING = 1 / 30  # of the time since the job began to score: whoever waits for hours needs not see each second
CAUSES_COUNTED = 100


class Progress:
    """Counts files done and shows them at a bounded rate; never goes backwards."""

    def __init__(self, files: int, size: int, slots: int, done: int = 0) -> None:
        """Show a beginning.

        Args:
            files: to score.
            size: most files of a mini-batch.
            slots: of the job.
            done: files that earlier runs of the job have settled.
        """
        self._pace = Pace(size, slots)
        self._now = self._shown = Standing(files, done, 0, slots=slots)
        self._began = self._shown_at = time.monotonic()
        made = create_progress_artifact(progress=self._now.percent, key=KEY, description=self._now.text)
        assert isinstance(made, UUID)
        self._artifact = made

    @property
    def done(self) -> int:
        """Files that are settled."""
        return self._now.done

    def count(self, news: Bulletin) -> None:
        """Add what was settled. Where a Dask worker died, a mini-batch may be told of twice."""
        self._pace.count(news.scored + news.failed, news.settled, news.seconds, time.time())
        now = self._now
        causes = grouped((*now.causes, *news.causes))[:CAUSES_COUNTED] if news.causes else now.causes
        self._now = replace(
            now,
            done=min(now.files, now.done + news.scored + news.failed),
            failed=min(now.files, now.failed + news.failed),
            causes=causes,
        )

    @property
    def is_due(self) -> bool:
        """Whether the last time that it was shown is long enough ago."""
        now = time.monotonic()
        return now - self._shown_at >= min(LATEST, max(SOONEST, (now - self._began) * OF_RUNNING))

    def show(self, slots: Sequence[SlotState]) -> None:
        """Update the artifact now, with what the slots do, unless it says the same already."""
        self._shown_at = time.monotonic()
        standing = self._standing(slots)
        if _told(standing) != _told(self._shown):
            self._update(standing)

    def end(self, scored: int, failed: int) -> None:
        """Show what the ledger came to: it is exact where a job ended early, or news of it were lost."""
        self._now = replace(self._now, done=scored + failed, failed=failed)
        standing = replace(self._standing([]), left=None)
        if standing.text != self._shown.text:
            self._update(standing)

    def _standing(self, slots: Sequence[SlotState]) -> Standing:
        at, now = time.time(), self._now
        return replace(
            now,
            **now.with_slots(slots),
            per_second=self._pace.per_second,
            left=self._pace.left(now.files - now.done, slots, at),
            at=at,
            causes=now.causes[:CAUSES_NAMED],
            causes_in_all=len(now.causes),
        )

    def _update(self, standing: Standing) -> None:
        self._shown = standing
        update = ArtifactUpdate(data=standing.percent, description=standing.text, metadata_=standing.as_metadata())
        get_client(sync_client=True).update_artifact(self._artifact, update)


def _told(standing: Standing) -> tuple[object, ...]:
    """What of it is news; the estimate alone is none, for whoever has one can count down."""
    return standing.done, standing.failed, standing.states, standing.activities
