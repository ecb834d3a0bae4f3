"""Advice on how many scoring processes share a machine: as many as its cores and its memory can feed."""

from math import inf

from scoring import spelling
from scoring.advice.advice import Advice, setting_flag
from scoring.advice.situation import Situation
from scoring.advice.sizes import gain_of, is_worth

OF_MEMORY, OF_CORES = 0.8, 1.0
"""How much of an instance's memory and cores scoring processes should take."""
FULL = 0.85
MOST_TIMES = 4
SETTING = "max_concurrency_per_instance"


def advise_more_slots(job: Situation) -> Advice | None:
    """More scoring processes, where cores and memory are left over and nothing is known of a GPU."""
    now, work = job.settings.processes, job.work
    shares = [slot.cpu_share for slot in work.slots.values() if slot.cpu_share is not None]
    if not shares or not work.memory or job.cores is None or job.memory is None or job.has_gpu:
        return None
    share = sum(shares) / len(shares)
    by_cores = job.cores * OF_CORES / max(share, 0.01)
    by_memory = (job.memory * OF_MEMORY / work.memory) if job.settings.memory_limit is None else inf
    most = int(min(by_cores, by_memory, now * MOST_TIMES, work.mini_batches // job.instances))
    gains = {slots: job.saved(job.calls.with_slots(slots * job.instances)) for slots in range(now + 1, most + 1)}
    slots = min((each for each in gains if gains[each] >= 0.9 * max(gains.values())), default=now)
    if slots == now or not is_worth(job, gains[slots]):
        return None
    return Advice(
        finding=(
            f"Each scoring process kept {share:.2g} of {spelling.counted(job.cores, 'core')} busy and had "
            f"{spelling.size(work.memory)} of {spelling.size(job.memory)} of memory: there is room for more of them. "
            f"{_why_not_more(job, slots, by_cores, by_memory)}"
        ),
        change=f"Run more scoring processes at once: {SETTING} {slots} instead of {now}",
        setting=SETTING,
        flag=setting_flag(SETTING, slots),
        seconds=round(gains[slots], 3),
        gain=f"{gain_of(job, gains[slots])} {_price(job)}",
    )


def _why_not_more(job: Situation, slots: int, by_cores: float, by_memory: float) -> str:
    """What keeps the advice from a number that is higher still."""
    more = f"More than {slots}"
    if slots + 1 > by_cores:
        return f"{more} would wait for cores."
    if slots + 1 > by_memory:
        return f"{more} would leave too little memory free."
    if slots + 1 > job.work.mini_batches // job.instances:
        return f"{more} would find no mini-batch each."
    if slots + 1 > job.settings.processes * MOST_TIMES:
        return f"{more}, which are {MOST_TIMES} times as many, would be a guess: see what these bring first."
    return f"{more} would save little more."


def _price(job: Situation) -> str:
    """What one more scoring process costs, by those that there were."""
    starts = [slot.starting for slot in job.work.slots.values() if slot.starting]
    started = f" and a start, which took {spelling.seconds(max(starts))} here" if starts else " and a start"
    return f"Each one more costs up to {spelling.size(job.work.memory)} of memory{started}."


def advise_fewer_slots(job: Situation) -> Advice | None:
    """Fewer scoring processes, where some had nothing to score."""
    now, work = job.settings.processes, job.work
    used = sum(1 for slot in work.slots.values() if slot.mini_batches)
    enough = -(-used // job.instances)
    if not used or job.files >= job.slots or enough >= now:
        return None
    idle = spelling.counted(job.slots - used, "scoring process", "scoring processes")
    return Advice(
        finding=f"{used} of {job.slots} slots had something to score: there are {spelling.counted(job.files, 'file')}.",
        change=f"Run fewer scoring processes: {SETTING} {enough} instead of {now}",
        setting=SETTING,
        flag=setting_flag(SETTING, enough),
        gain=f"Saves no time, but the start and the memory of {idle}.",
    )


def advise_memory(job: Situation) -> Advice | None:
    """Less memory per scoring process, or fewer of them, where they come near to what they may take."""
    work, limit = job.work, job.memory_limit
    if not work.memory or (limit is None and job.memory is None):
        return None
    if limit is not None and work.memory > FULL * limit:
        to = int(work.memory / 0.6 / 1e8 + 1) * 100
        return Advice(
            finding=f"A scoring process had {spelling.size(work.memory)} of {spelling.size(limit)} that it may have.",
            change=f"Leave more room: memory_limit {to}MB, or fewer files per mini-batch",
            setting="memory_limit",
            flag=setting_flag("memory_limit", f"{to}MB"),
            gain="Saves no time, but mini-batches a little larger than these are not ended for want of memory.",
        )
    now = job.settings.processes
    per_instance = work.memory * now
    if limit is None and job.memory is not None and per_instance > FULL * job.memory:
        fewer = max(1, int(OF_MEMORY * job.memory / work.memory))
        if fewer < now:
            return Advice(
                finding=f"Scoring processes had up to {spelling.size(per_instance)} of {spelling.size(job.memory)}.",
                change=f"Run fewer scoring processes at once: {SETTING} {fewer} instead of {now}",
                setting=SETTING,
                flag=setting_flag(SETTING, fewer),
                gain="Saves no time, but none is killed for want of memory.",
            )
    return None
