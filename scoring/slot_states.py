"""What slots are doing, for whoever watches a job."""

from typing import Literal, NamedTuple

Activity = Literal["starting", "fetching", "scoring", "idle"]


class SlotState(NamedTuple):
    """What one slot is doing, and since when in seconds since 1970; it is made several times for each mini-batch."""

    slot: int
    activity: Activity
    since: float
    mini_batch: int | None = None
