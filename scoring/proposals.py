"""Which mini-batch size and how many scoring processes would fit, from what a few calls took."""

import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import psutil

from scoring.dry_run import Trial
from scoring.facts import Record
from scoring.launch import devices
from scoring.manifest import Manifest
from scoring.spelling import seconds, size

CALL = 3.0  # seconds of a call that are aimed at: long beside what a call costs, and short beside a job
LONGEST_CALL = 10.0
OF_TIMEOUT = 1 / 3  # of the deadline that a call may take: files differ
TAX = 0.05  # by which a job may be slower than it could be
WORTH, WORTH_SECONDS = 0.1, 1.0  # by which it must be slower for another size to be proposed
OURS = 0.0005  # seconds that a mini-batch costs beside its call (measured: benchmarks/scale.py)
OF_MEMORY = 0.8
MOST_WAITING = 4  # scoring processes for a core, where they mostly wait
STEPS = (1, 2, 5)


class Proposal(Record):
    """A setting's value, as it is and as it might better be, and why."""

    setting: str
    now: int
    proposed: int
    why: str

    @property
    def is_change(self) -> bool:
        """Whether it is another than now."""
        return self.now != self.proposed


@dataclass(frozen=True)
class Cost:
    """Seconds of a call: those that it takes whatever its files, and those of each file."""

    fixed: float
    each: float

    def of(self, files: int) -> float:
        """Seconds of a call with so many files."""
        return self.fixed + files * self.each


def cost_of(trial: Trial) -> Cost | None:
    """What calls cost; None where too few were made. The first one is left out: it often loads things."""
    alone = [call.seconds for call in trial.alone[1:] if call.fault is None]
    together = [call for call in trial.together if call.fault is None]
    if not alone or not together:
        return None
    one, files = min(alone), len(together[0].files)  # the least that was in their way of all calls
    all_ = min(call.seconds for call in together)
    each = max((all_ - one) / (files - 1), all_ / files / 100)
    return Cost(fixed=max(0.0, min(one, all_ - files * each)), each=each)


def proposals(trial: Trial, manifest: Manifest) -> list[Proposal]:
    """What to set, for a job over all that was listed."""
    cost = cost_of(trial)
    if cost is None:
        return []
    concurrency = propose_concurrency(
        manifest.settings.processes,
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        used=trial.cores,
        memory=manifest.memory or psutil.virtual_memory().total,
        taken=trial.memory,
        gpus=len(devices()),
    )
    slots = manifest.instance_count * concurrency.proposed
    settings = manifest.settings
    batch = propose_size(settings.mini_batch_size, cost, trial.listed.files, slots, settings.retry_settings.timeout)
    return [batch, concurrency]


def propose_size(now: int, cost: Cost, files: int, slots: int, timeout: float) -> Proposal:
    """The files of a mini-batch: of all sizes with which the job takes about as little as it can, one whose calls take
    some seconds. The size that is set stays if it is one of them.

    Args:
        now: as it is set.
        cost: of a call.
        files: of the job.
        slots: of the job.
        timeout: seconds that a call may take.
    """
    longest = max(min(LONGEST_CALL, timeout * OF_TIMEOUT), cost.of(1))
    sizes = [number for number in (now, *_steps(files)) if cost.of(number) <= longest]
    takes = {number: _scoring_seconds(number, cost, files, slots) for number in sizes}
    best = min(takes.values())
    good = [number for number in sizes if takes[number] <= best * (1 + TAX)]
    is_well = now in takes and takes[now] <= max(best * (1 + WORTH), best + WORTH_SECONDS)
    chosen = now if is_well else min(good, key=lambda number: abs(math.log(cost.of(number) / CALL)))
    why = f"a call takes {seconds(cost.of(chosen))} then, {_tax(cost, chosen)} of it whatever its files"
    return Proposal(setting="mini_batch_size", now=now, proposed=chosen, why=why + _gain(now, chosen, takes))


def _steps(files: int) -> Iterator[int]:
    """1, 2, 5, 10, 20 and so on, to as many files as there are."""
    for power in range(len(str(files))):
        yield from (step * 10**power for step in STEPS if step * 10**power <= files)


def _scoring_seconds(number: int, cost: Cost, files: int, slots: int) -> float:
    """Of a job whose mini-batches have so many files: its slots work in turns, the last of which may not need all."""
    turns = math.ceil(math.ceil(files / number) / slots)
    return turns * (cost.of(min(number, files)) + OURS)


def _tax(cost: Cost, files: int) -> str:
    share = (cost.fixed + OURS) / (cost.of(files) + OURS)
    return f"{share:.0%}" if share >= 0.01 else "less than 1%"


def _gain(now: int, chosen: int, takes: dict[int, float]) -> str:
    if now == chosen:
        return ""
    if now not in takes:
        return "; as it is, one would take too long"
    return f"; scoring takes about {seconds(takes[chosen])}, in place of {seconds(takes[now])}"


def propose_concurrency(
    now: int, *, cores: int, used: float | None, memory: int, taken: int | None, gpus: int = 0
) -> Proposal:
    """Scoring processes of an instance.

    Args:
        now: as it is set.
        cores: of an instance.
        used: of them by one scoring process while it scores; None where that is not known, and taken for one.
        memory: bytes of an instance.
        taken: of them by one scoring process at most.
        gpus: of an instance.
    """
    busy = max(used if used is not None else 1.0, 1 / MOST_WAITING)
    bounds = [(max(1, math.floor(cores / busy + 0.25)), f"it keeps {busy:.1f} of {cores} cores busy")]
    if taken:
        bounds.append((max(1, int(memory * OF_MEMORY / taken)), f"it takes {size(taken)} of {size(memory)}"))
    if gpus:
        bounds.append((gpus, f"there {'is 1 GPU' if gpus == 1 else f'are {gpus} GPUs'}"))
    return Proposal(setting="max_concurrency_per_instance", now=now, proposed=min(bounds)[0], why=_why(bounds))


def _why(bounds: Sequence[tuple[int, str]]) -> str:
    """The bound that counts first."""
    return ", ".join(said for _, said in sorted(bounds, key=lambda bound: bound[0]))
