"""A handful of a job's files scored here and now, as the job would: what the script does, and nothing is kept of it."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from scoring.errors import InitFailedError, TryFailedError
from scoring.facts import Fault
from scoring.family import Family
from scoring.held_folder import HeldFolder
from scoring.job import Job
from scoring.launch import Launch
from scoring.listing import ListingSummary, read_mini_batches, write_listing
from scoring.manifest import Manifest
from scoring.process import ScoringProcess
from scoring.replay_input import ReplayInput, at_hand
from scoring.short_returns import failed_files
from scoring.storage import Folder

FILES = 8
LONG_ENOUGH, MOST_CALLS = 1.0, 20  # seconds and number of calls with all files, after which they are not repeated


@dataclass(frozen=True)
class Call:
    """One call of run(): with which files, and what it came to.

    Attributes:
        files: paths in the input.
        seconds: that it took, our own part of it included.
        rows: what it returned, each as a dict by column.
        lines: that the script printed meanwhile.
        fault: why it failed, if it did.
    """

    files: tuple[str, ...]
    seconds: float
    rows: tuple[dict[str, Any], ...] = ()
    lines: int = 0
    fault: Fault | None = None


@dataclass
class Trial:
    """What the script did.

    Attributes:
        listed: what there is to score.
        alone: calls with one file each.
        together: calls with all files that could be scored alone.
        seconds: of the scoring process's start, by stage: start and init.
        memory: bytes that it had at most, with all that it started; None where that cannot be seen.
        cores: CPU seconds that it took in a second of its calls; None where they were too short to tell.
        fault: why it could not start, if it could not.
        stage: how far it came then: import or init.
    """

    listed: ListingSummary
    alone: list[Call] = field(default_factory=list)
    together: list[Call] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    memory: int | None = None
    cores: float | None = None
    fault: Fault | None = None
    stage: str = "run"

    @property
    def calls(self) -> list[Call]:
        """All of them, in order."""
        return [*self.alone, *self.together]


def spread(count: int, most: int) -> list[int]:
    """Positions from 0 to count - 1, at most so many and evenly apart: the first, the last, and some between."""
    if count <= most:
        return list(range(count))
    return [round(number * (count - 1) / (most - 1)) for number in range(most)]


def try_out(manifest: Manifest, *, files: int = FILES) -> Trial:
    """Score some of a job's files one by one, and then all of them in one call, in a scoring process on this machine.

    Args:
        manifest: of the job; of its folder and output nothing is used.
        files: how many, at most; at least 2.
    Raises: InputError when there is nothing to score, or a file cannot be fetched; EnvironmentUnusableError.
    """
    with HeldFolder("dry-run") as scratch:
        folder = scratch / "job"
        job = Job(manifest.model_copy(update={"folder": str(folder), "output": str(folder / "output")}))
        listed = write_listing(manifest.input, job.folder, include_hidden=manifest.settings.include_hidden)
        chosen = [file for _, (file,) in read_mini_batches(Folder(job.manifest.folder), 1, spread(listed.files, files))]
        given = ReplayInput(0, tuple(chosen))
        with job.manifest.use_environment() as environment, at_hand(job, given) as paths:
            launch = job.manifest.launch(environment.python)
            with _Trier(replace(launch, layout="jsonl"), scratch, _timeout(manifest)) as trier:
                return trier.run(Trial(listed), list(zip(given.paths, paths, strict=True)))


def _timeout(manifest: Manifest) -> float:
    return manifest.settings.retry_settings.timeout


Named = list[tuple[str, str]]
"""Files by their path in the input, with where each lies on this machine."""


class _Trier:
    """A scoring process, and another one where it died. Rows are written as JSON, which tells of what type they are."""

    def __init__(self, launch: Launch, scratch: Path, timeout: float) -> None:
        self._launch, self._scratch, self._timeout = launch, scratch, timeout
        self._process: ScoringProcess | None = None
        self._family: Family | None = None
        self._lines = self._calls = self._peak = self._starts = 0

    def __enter__(self) -> "_Trier":
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def run(self, trial: Trial, files: Named) -> Trial:
        """Make all calls."""
        try:
            trial.seconds = self._ready().seconds
            began = self._clocks()
            for file in files:
                trial.alone.append(self._call([file]))
            good = [file for file, call in zip(files, trial.alone, strict=True) if call.fault is None]
            trial.together = self._together(good)
            trial.cores = self._cores(began)
        except InitFailedError as error:
            trial.fault, trial.stage = error.fault, error.stage
        trial.memory = max(self._peak, self._peak_now()) or None
        return trial

    def _peak_now(self) -> int:
        return (self._family.peak() or 0) if self._family is not None else 0

    def _together(self, files: Named) -> list[Call]:
        if len(files) < 2:
            return []
        calls = [self._call(files)]
        while calls[-1].fault is None and sum(call.seconds for call in calls) < LONG_ENOUGH and len(calls) < MOST_CALLS:
            calls.append(self._call(files))
        return calls

    def _ready(self) -> ScoringProcess:
        if self._process is None or not self._process.is_alive:
            self._end()
            self._process = ScoringProcess(self._launch, str(self._scratch))
            self._process.relay = self._count_line
            self._process.wait_ready()
            self._family = Family(self._process.pid)
            self._starts += 1
        return self._process

    def _count_line(self, _line: str) -> None:
        self._lines += 1

    def _call(self, files: Named) -> Call:
        process = self._ready()
        self._calls += 1
        self._lines = 0
        spool = self._scratch / f"rows-{self._calls}"
        names, paths = [name for name, _ in files], [path for _, path in files]
        began = time.monotonic()
        try:
            scored = process.score(self._calls - 1, paths, str(spool), self._timeout, self._look, names)
            seconds = time.monotonic() - began
            process.keep_own_files(self._calls - 1)
        except TryFailedError as error:
            return Call(tuple(names), time.monotonic() - began, lines=self._lines, fault=error.fault)
        self._look()
        failed = failed_files(len(files), scored)
        rows = [json.loads(line) for line in spool.read_text().splitlines()] if spool.exists() else []
        return Call(tuple(names), seconds, tuple(rows), self._lines, next(iter(failed.values()), None))

    def _look(self) -> None:
        if self._family is not None:
            self._family.look()

    def _clocks(self) -> tuple[float, float]:
        """Seconds that it was the scoring process's turn, and seconds of CPU that it took; on a busy machine, too."""
        assert self._family is not None
        return time.monotonic() - self._family.waited(), self._family.cpu()

    def _cores(self, before: tuple[float, float]) -> float | None:
        seconds, used = (now - then for now, then in zip(self._clocks(), before, strict=True))
        return max(0.0, used) / seconds if seconds > LONG_ENOUGH / 2 and self._starts == 1 else None

    def _end(self) -> None:
        if self._process is not None:
            self._peak = max(self._peak, self._peak_now())
            self._process.close()
            self._process.release()
            self._process = None


def names_of(calls: Sequence[Call]) -> list[str]:
    """The columns of all rows, in order of first appearance."""
    return list(dict.fromkeys(name for call in calls for row in call.rows for name in row))
