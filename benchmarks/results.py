"""What was measured, as it is kept in JSON beside the tables and pictures made of it."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from benchmarks.machine import Machine

Figure = Literal["start", "scoring", "finish", "whole", "gone", "tax"]
"""What tables and pictures show of a Run."""


class Case(BaseModel):
    """A job that all systems are given."""

    model_config = ConfigDict(frozen=True)

    script: str
    mini_batch_size: int

    def __str__(self) -> str:
        return f"{self.script}, mini-batch {self.mini_batch_size}"


class Run(BaseModel):
    """One job of one system, in seconds; start + scoring + finish = whole."""

    system: str
    case: Case
    repeat: int
    files: int
    mini_batches: int
    start: float = Field(description="From the start of the system's process to the first call of run().")
    scoring: float = Field(description="From the beginning of the first call of run() to the end of the last.")
    finish: float = Field(description="From then until the output was there, whole.")
    gone: float = Field(description="From the start until no process of the job was left.")
    inside: float = Field(description="Inside run(), summed over the processes.")
    ready_apart: float = Field(description="Between the first and the last process having loaded the model.")
    scaled_by: float = Field(1, description="By what `scoring` was multiplied, for a job of fewer mini-batches.")
    busy: float = Field(description="Percent of all cores that other programs used just before.")

    @property
    def whole(self) -> float:
        """From the start of the system's process until the output was there."""
        return self.start + self.scoring + self.finish

    @property
    def tax(self) -> float:
        """Milliseconds of wall time per mini-batch; with a script that does nothing, what the system itself costs."""
        return 1000 * self.scoring / (self.mini_batches * self.scaled_by)


class Peaks(BaseModel):
    """Peak memory of one job of one system, in bytes of proportional set size."""

    system: str
    case: Case
    job: dict[str, int] = Field(description="By role, and of all processes of the job at once.")
    servers: dict[str, int] = Field(description="The same of processes that outlive jobs, while this job ran.")


class Spread(BaseModel):
    """Repeats of one figure."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, figures: Iterable[float]) -> "Spread":
        """The spread of one figure or more."""
        found = sorted(figures)
        return cls(median=median(found), least=min(found), most=max(found))


class Comparison(BaseModel):
    """All that `make bench` measured."""

    taken: datetime = Field(default_factory=lambda: datetime.now(UTC))
    machine: Machine
    files: int
    processes: int
    servers_idle: float = Field(description="Percent of one core that server and worker use while there is no job.")
    titles: dict[str, str]
    rows: dict[str, str] = Field(default_factory=dict, description="sha256 of each case's sorted rows.")
    runs: list[Run] = Field(default_factory=list)
    peaks: list[Peaks] = Field(default_factory=list)

    def spread(self, system: str, case: Case, figure: Figure) -> Spread:
        """One figure of a system's runs of a case. Raises: StatisticsError when it did not take part."""
        return Spread.of(getattr(run, figure) for run in self._runs_of(system, case))

    def is_scaled(self, system: str, case: Case) -> bool:
        """Whether a system was given only some of the files."""
        return any(run.scaled_by != 1 for run in self._runs_of(system, case))

    def _runs_of(self, system: str, case: Case) -> list[Run]:
        return [run for run in self.runs if (run.system, run.case) == (system, case)]

    def cases(self) -> list[Case]:
        """The cases in the order in which they were run."""
        return list(dict.fromkeys(run.case for run in self.runs))


class Growth(BaseModel):
    """One job of this system with a script that does nothing."""

    files: int
    mini_batches: int
    whole: float = Field(description="Seconds from the start of the command until the output was there.")
    tax: float = Field(description="Milliseconds per mini-batch, from the first call of run() to the last.")
    stages: dict[str, float] = Field(description="Seconds of each stage, from the job's summary.")
    task_runs: int
    requests: int = Field(description="To Prefect's API, beyond those that a worker without a job makes.")
    memory: dict[str, int] = Field(description="Peak proportional set size in bytes, by role.")
    busy: float = Field(description="Percent of all cores that other programs used just before.")


class Scale(BaseModel):
    """All that `make bench-scale` measured."""

    taken: datetime = Field(default_factory=lambda: datetime.now(UTC))
    machine: Machine
    processes: int
    mini_batch_size: int
    jobs: list[Growth] = Field(default_factory=list)


class Command(BaseModel):
    """What runs of one command took."""

    typed: str
    seconds: list[float] = Field(description="Of CPU, a figure for each run.")


class Commands(BaseModel):
    """What commands take that need no server."""

    machine: Machine
    commands: list[Command]


class Environments(BaseModel):
    """What an environment of its own costs, in seconds."""

    machine: Machine
    build: float
    own: list[float] = Field(description="Starts of a scoring process under Batchpoint's interpreter.")
    apart: list[float] = Field(description="Starts in the environment, each right after one of those.")


class Objects(BaseModel):
    """Small objects in a bucket, fetched alone and fetched to be scored, in turns; seconds."""

    taken: datetime = Field(default_factory=lambda: datetime.now(UTC))
    machine: Machine
    objects: int
    bytes: int
    processes: int
    busy: list[float] = Field(default_factory=list, description="Percent of all cores in use before each turn.")
    fetch: list[float] = Field(default_factory=list, description="To get all of them into memory.")
    score: list[float] = Field(default_factory=list, description="To score them, from the listing to the last part.")
    waited: list[float] = Field(default_factory=list, description="That a slot waited for files, of the scoring.")


class Pair(BaseModel):
    """Two jobs, one after the other; seconds of CPU of all processes that had to do with each."""

    followed: float = Field(description="In a terminal, by `job stream`.")
    alone: float = Field(description="By nobody.")

    @property
    def more(self) -> float:
        """What following took, as a share of the job."""
        return self.followed / self.alone - 1


class WatchedJob(BaseModel):
    """What following a job of some length costs."""

    mini_batches: int
    seconds: float = Field(description="From the start of the command that sends it to its last process's end.")
    pairs: list[Pair] = Field(default_factory=list)


class Watching(BaseModel):
    """What following jobs costs."""

    taken: datetime = Field(default_factory=lambda: datetime.now(UTC))
    machine: Machine
    jobs: list[WatchedJob]


def keep(result: BaseModel | str, file: Path) -> Path:
    """Write results into a file: figures as JSON, a text as it is."""
    file.parent.mkdir(parents=True, exist_ok=True)
    text = result if isinstance(result, str) else result.model_dump_json(indent=1)
    file.write_text(f"{text.rstrip()}\n")
    return file
