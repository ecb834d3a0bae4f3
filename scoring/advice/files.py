"""Advice where slots wait for their files."""

from scoring import spelling
from scoring.advice.advice import Advice, setting_flag
from scoring.advice.situation import Situation
from scoring.advice.sizes import WORTH, gain_of, is_worth
from scoring.settings import Settings

AHEAD = 2
"""Mini-batches that must have room on disk for one to be fetched while another is scored."""
ROOM = 4 * AHEAD
USUAL = int(Settings.model_fields["prefetch_limit"].default)


def advise_fetching(job: Situation) -> Advice | None:
    """More room to fetch ahead, where that is what is missing; else more slots, each of which fetches for itself."""
    work = job.work
    waited = work.sum_of("fetching")
    if not job.is_remote or not work.mini_batches or waited < WORTH * job.scoring_seconds * len(work.slots):
        return None
    per_mini_batch = job.size / max(1, job.files) * job.settings.mini_batch_size
    if job.settings.prefetch_limit < max(1, AHEAD * per_mini_batch):
        return _fetch_ahead(job, waited, int(ROOM * per_mini_batch))
    return None


def _fetch_ahead(job: Situation, waited: float, room: int) -> Advice | None:
    """While one mini-batch is scored, the next one can come: what is saved is the shorter of the two, but for one."""
    work, limit = job.work, max(USUAL, 1 << max(0, room - 1).bit_length())
    slots = [slot for slot in work.slots.values() if slot.mini_batches]
    saved = [min(slot.fetching, slot.scoring) * (slot.mini_batches - 1) / slot.mini_batches for slot in slots]
    gain = sum(saved) / len(slots)
    if not is_worth(job, gain):
        return None
    share = spelling.share(waited / (job.scoring_seconds * len(slots)))
    now = job.settings.prefetch_limit
    why = "nothing is fetched ahead" if now == 0 else f"{spelling.size(now)} have no room for the next mini-batch"
    return Advice(
        finding=f"Slots waited for files {share} of their time ({spelling.seconds(waited)} in all): {why}.",
        change=f"Fetch the next mini-batch while one is scored: prefetch_limit {limit} instead of {now}",
        setting="prefetch_limit",
        flag=setting_flag("prefetch_limit", limit),
        seconds=round(gain, 3),
        gain=gain_of(job, gain),
    )
