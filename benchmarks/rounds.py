"""Every system, case by case, again and again."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from rich.console import Console

from benchmarks import machine
from benchmarks.measure import ROWS, Times, measure, measure_watched
from benchmarks.memory import ALL
from benchmarks.results import Case, Comparison, Peaks, Run
from benchmarks.rows import Rows
from benchmarks.systems.system import System
from benchmarks.work import Work
from benchmarks.workspace import Workspace

PATIENCE = 20.0
"""Seconds to wait for a quiet machine before each run."""


@dataclass
class Rounds:
    """Runs systems in turns, so that whatever slows the machine down for a while slows all of them."""

    workspace: Workspace
    systems: list[System]
    inputs: Path
    result: Comparison
    console: Console
    rows: defaultdict[Case, Rows] = field(default_factory=lambda: defaultdict(Rows))

    def run(self, cases: Sequence[Case], repeats: int) -> None:
        """A round that watches memory and warms the disk's cache, then the rounds that are timed.

        Without repeats the times of the first round are kept, though watching made it slower.
        """
        for case, system in product(cases, self.systems):
            run, memory = self._watch(system, case)
            self.result.peaks.append(memory)
            self.result.runs += [] if repeats else [run]
        for repeat, case, system in product(range(repeats), cases, self.systems):
            self.result.runs.append(self._time(system, case, repeat))
        self.result.rows = {str(case): rows.digest for case, rows in self.rows.items()}

    def _watch(self, system: System, case: Case) -> tuple[Run, Peaks]:
        work = self._work(system, case)
        times, memory = measure_watched(system, work)
        self._say(system, case, f"{memory.job[ALL] / 1e9:.2f} GB")
        peaks = Peaks(system=system.name, case=case, job=memory.job, servers=memory.servers)
        return self._run(system, case, work, times, repeat=0, busy=0), peaks

    def _time(self, system: System, case: Case, repeat: int) -> Run:
        busy = machine.wait_until_quiet(PATIENCE)
        work = self._work(system, case)
        run = self._run(system, case, work, measure(system, work), repeat=repeat, busy=busy)
        self._say(system, case, f"scoring {run.scoring:.2f} s of {run.whole:.2f} s, {busy:.0f} % busy before")
        return run

    def _run(self, system: System, case: Case, work: Work, times: Times, *, repeat: int, busy: float) -> Run:
        """The job's stages, once its rows were found to be the right ones."""
        self.rows[case].check(system.name, work.output / ROWS, work.files)
        noted, scaled_by = times.marks, self.result.files / work.files
        return Run(
            system=system.name,
            case=case,
            repeat=repeat,
            files=work.files,
            mini_batches=work.mini_batches,
            start=noted.first_began - times.began,
            scoring=(noted.last_ended - noted.first_began) * scaled_by,
            finish=times.there - noted.last_ended,
            gone=times.gone - times.began,
            inside=noted.inside,
            ready_apart=noted.last_ready - noted.first_ready,
            scaled_by=scaled_by,
            busy=busy,
        )

    def _work(self, system: System, case: Case) -> Work:
        most = (system.most_mini_batches or self.result.files) * case.mini_batch_size
        return self.workspace.work(
            case.script,
            self.inputs,
            files=min(self.result.files, most),
            mini_batch_size=case.mini_batch_size,
            processes=self.result.processes,
        )

    def _say(self, system: System, case: Case, text: str) -> None:
        self.console.print(f"{case}: {system.title}: {text}")
