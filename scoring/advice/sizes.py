"""Advice on how many files a mini-batch has: too few cost a tax, too many leave a slot alone at the end."""

from collections.abc import Iterator

from scoring import spelling
from scoring.advice.advice import Advice, setting_flag
from scoring.advice.calls import Calls
from scoring.advice.situation import Situation

TAX = 0.05
"""The share of a slot's time that calls may cost beside their files."""
TAIL = 0.05
"""The share of the scoring that slots may wait at its end for the last one."""
WORTH, WORTH_SECONDS = 0.05, 0.5
"""The share of the scoring, and the seconds, that a change must bring to be advised."""
NEARLY = 0.9
"""Of the most that any size would bring: the smallest change that brings this much is advised."""
OF_TIMEOUT = 0.5
ROUND = (1, 2, 3, 5, 8)


def advise_size(job: Situation) -> Advice | None:
    """Another mini_batch_size, where that brings enough."""
    calls, work = job.calls, job.work
    if not calls.call or not job.scoring_seconds:
        return None
    has_tax = calls.tax > TAX
    has_tail = work.alone_at_the_end(job.slots) > TAIL * job.scoring_seconds
    gains = {
        size: job.saved(calls.with_size(size))
        for size in _sizes(job)
        if (size > calls.size and has_tax) or (size < calls.size and has_tail)
    }
    most = max(gains.values(), default=0.0)
    if not is_worth(job, most):
        return None
    size = min((size for size in gains if gains[size] >= NEARLY * most), key=lambda size: _steps(size, calls.size))
    return _larger(job, size, gains[size]) if size > calls.size else _smaller(job, size, gains[size])


def _larger(job: Situation, size: int, gain: float) -> Advice:
    calls = job.calls
    finding = (
        f"{spelling.share(calls.tax)} of the slots' time is not spent on files: each of "
        f"{spelling.counted(job.work.mini_batches, 'call')} of run() costs {spelling.seconds(calls.fixed)} whatever "
        f"its files and {spelling.seconds(calls.between)} between calls, and has at most "
        f"{spelling.counted(calls.size, 'file')}."
    )
    return _advice(job, size, gain, "larger", finding)


def _smaller(job: Situation, size: int, gain: float) -> Advice:
    alone = spelling.seconds(job.work.alone_at_the_end(job.slots))
    finding = (
        f"The last slot ended {alone} later than all would have together: a mini-batch of "
        f"{spelling.counted(job.calls.size, 'file')} takes {spelling.seconds(job.calls.call)}, and no other slot can "
        "help with it."
    )
    return _advice(job, size, gain, "smaller", finding)


def _advice(job: Situation, size: int, gain: float, how: str, finding: str) -> Advice:
    return Advice(
        finding=finding,
        change=f"Make mini-batches {how}: mini_batch_size {size} instead of {job.calls.size}",
        setting="mini_batch_size",
        flag=setting_flag("mini_batch_size", size),
        seconds=round(gain, 3),
        gain=gain_of(job, gain),
    )


def is_worth(job: Situation, gain: float) -> bool:
    """Whether somebody should change a setting for so many seconds."""
    return gain >= max(WORTH * job.scoring_seconds, WORTH_SECONDS)


def gain_of(job: Situation, gain: float, saves: str = "Saves") -> str:
    """What it would bring, in a sentence: of the whole job's time, or of its scoring's where no more is known."""
    what, now = ("the whole job", job.seconds) if job.seconds else ("scoring", job.scoring_seconds)
    then = spelling.seconds(max(0.0, now - gain))
    return f"{saves} about {spelling.seconds(gain)}: {what} would take {then} instead of {spelling.seconds(now)}."


def _sizes(job: Situation) -> Iterator[int]:
    """Sizes that can be thought of: round ones whose calls would take half of the timeout at most."""
    calls = job.calls
    longest = job.settings.retry_settings.timeout * OF_TIMEOUT
    for power in range(len(str(calls.files))):
        for size in (step * 10**power for step in ROUND):
            if size <= calls.files and (size < calls.size or _seconds(calls, size) <= longest):
                yield size


def _seconds(calls: Calls, size: int) -> float:
    return calls.fixed + calls.per_file * size


def _steps(size: int, now: int) -> float:
    return max(size, now) / min(size, now)
