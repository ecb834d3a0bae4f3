"""The ledger: each listed file as exactly one of scored, failed, skipped or pending, summed from facts on disk."""

import heapq
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from operator import attrgetter

from pydantic import Field

from scoring.facts import Facts, Fault, Record, Text
from scoring.job import FACTS, Job
from scoring.parts import Frame, read_frames
from scoring.storage import Folder

REASONS_NAMED = 3  # in one sentence


@dataclass(frozen=True)
class Entry:
    """What became of one mini-batch: in a part (frame), given up or between tries (facts), or never tried (neither)."""

    mini_batch: int
    files: int
    frame: Frame | None = None
    facts: Facts | None = None

    def settled(self) -> "Entry":
        """The same where no other try follows: files whose last one failed are given up."""
        if self.facts is None:
            return self
        return replace(self, facts=self.facts.model_copy(update={"is_final": True}))


class Cause(Record):
    """Files that failed alike: same class, same place in the script."""

    error: Text = Field(description="Class of the exception, or the word for another way to fail.")
    where: Text = Field(description="File and line of the script; empty where that is not known.")
    message: Text = Field(description="First line of what the first of them said.")
    files: int = Field(description="That failed so.")
    first: Text = Field(description="Path of the first of them.")

    @property
    def alike(self) -> tuple[str, str]:
        """What causes that are told apart from each other, as in news of a job, have in common when they are one."""
        return self.error, self.where.partition(":")[0] if self.error in {"timeout", "memory"} else self.where

    @property
    def brief(self) -> str:
        """How many files, what, and where; in a word what cannot be located."""
        said = f" in {self.where}" if self.where else f": {self.message}" if self.message else ""
        return f"{self.files} × {self.error}{said} (first: {self.first})"

    def __str__(self) -> str:
        place = f" in {self.where}" if self.where else ""
        said = f": {self.message}" if self.message else ""
        return f"{self.files} × {self.error}{place}{said} (first: {self.first})"


def reasons(causes: list[Cause]) -> str:
    """Why files failed, to stand behind "failed": all in one sentence, the most frequent first."""
    if len(causes) < 2:
        return f": {causes[0]}" if causes else ""
    named = "; ".join(cause.brief for cause in causes[:REASONS_NAMED])
    others = f"; and {len(causes) - REASONS_NAMED} more" if len(causes) > REASONS_NAMED else ""
    return f" for {len(causes)} reasons: {named}{others}"


@dataclass
class Totals:
    """The ledger's sums; counts of files unless the name says otherwise."""

    listed: int = 0
    scored: int = 0
    failed: int = 0
    skipped: int = 0
    pending: int = 0
    apart: int = 0
    kept: int = 0
    rows: int = 0
    tries: int = 0
    mini_batches: int = 0
    mini_batches_done: int = 0
    script_seconds: float = 0.0
    fetch_seconds: float = 0.0
    columns: dict[str, None] = field(default_factory=dict)
    causes: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: dict[tuple[str, str], Cause] = field(default_factory=dict)

    @property
    def is_balanced(self) -> bool:
        """Whether every listed file is accounted for."""
        return self.scored + self.failed + self.skipped + self.pending == self.listed

    def grouped(self) -> list[Cause]:
        """Causes of failure, most frequent first."""
        return [self.examples[key].model_copy(update={"files": files}) for key, files in self.causes.most_common()]

    def add(self, entry: Entry) -> None:
        """Account for one mini-batch."""
        self.mini_batches += 1
        facts = entry.frame.facts if entry.frame else entry.facts
        if facts is not None:
            self.tries += facts.tries + facts.calls
            self.script_seconds += facts.seconds
            self.fetch_seconds += facts.fetch_seconds
        if entry.frame is not None:
            self.mini_batches_done += 1
            self.rows += entry.frame.facts.rows
            self.columns.update(dict.fromkeys(entry.frame.columns))
        if facts is None or not facts.is_final:
            self.pending += entry.files
            return
        self.pending += facts.untried
        self.scored += facts.scored
        self.kept += facts.kept
        self.failed += len(facts.failed)
        self.apart += facts.scored - facts.kept if facts.is_isolated else 0
        for failed in facts.failed:
            self._blame(facts.faults[failed.fault], failed.path)

    def _blame(self, fault: Fault, path: str) -> None:
        self.causes[fault.cause] += 1
        if fault.cause not in self.examples:
            self.examples[fault.cause] = _cause(fault, path)


def _cause(fault: Fault, path: str) -> Cause:
    where = f"{fault.where.file}:{fault.where.line}" if fault.where else ""
    message = fault.message.strip().split("\n", 1)[0][:300]
    return Cause(error=fault.error, where=where, message=message, files=0, first=path)


def causes_of(facts: Facts) -> tuple[Cause, ...]:
    """Why files of one mini-batch failed: those that failed alike as one cause."""
    files = Counter(failed.fault for failed in facts.failed)
    first = {failed.fault: failed.path for failed in reversed(facts.failed)}
    return tuple(
        _cause(facts.faults[fault], first[fault]).model_copy(update={"files": count}) for fault, count in files.items()
    )


def entries(job: Job) -> Iterator[Entry]:
    """One entry for each mini-batch, in order, from what lies in the job's folder.

    A mini-batch in a part is done, whatever facts an earlier try left behind.
    """
    size, listed = job.manifest.settings.mini_batch_size, job.listing.files
    frames, tried = read_frames(job.folder), _read_facts(job)
    frame, facts = next(frames, None), next(tried, None)
    for index in range(job.mini_batches):
        files = min(size, listed - index * size)
        while facts is not None and facts.mini_batch < index:
            facts = next(tried, None)
        if frame is not None and frame.facts.mini_batch == index:
            yield Entry(index, files, frame=frame)
            frame = next(frames, None)
        else:
            yield Entry(index, files, facts=facts if facts is not None and facts.mini_batch == index else None)


def _read_facts(job: Job) -> Iterator[Facts]:
    """Facts of what failed, by mini-batch. Each chunk has a file, in which they are in order."""
    folder = job.folder.folder(FACTS)
    files = (facts_in(folder, name) for name in folder.names())
    return heapq.merge(*files, key=attrgetter("mini_batch"))


def facts_in(folder: Folder, name: str) -> Iterator[Facts]:
    """The facts in one file, in order."""
    with folder.open(name) as lines:
        for line in lines:
            yield Facts.model_validate_json(line)


def failure_lines(entry: Entry) -> Iterator[bytes]:
    """Lines of failures.jsonl for the files of a mini-batch that were given up."""
    facts = entry.frame.facts if entry.frame else entry.facts
    if facts is None or not facts.is_final:
        return
    for failed in facts.failed:
        fault = facts.faults[failed.fault]
        told = {
            "path": failed.path,
            "mini_batch": facts.mini_batch,
            "tries": facts.tries + failed.calls,
            "seconds": failed.seconds,
            "error": fault.error,
            "message": fault.message,
            "where": str(fault.where) if fault.where else None,
        }
        yield json.dumps(told, ensure_ascii=True).encode() + b"\n"
