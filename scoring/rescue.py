"""A mini-batch of which not every file can be scored: the others are, and their rows are put together."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from scoring.errors import TryFailedError
from scoring.facts import Facts, FailedFile, Fault, WrittenFiles
from scoring.isolation import Culprit, Isolation, Outcome
from scoring.pieces import Piece, combine, scored_piece
from scoring.process import Scored
from scoring.short_returns import failed_files
from scoring.slot import Slot
from scoring.supply import DueBatch


@dataclass(frozen=True)
class Rescued:
    """What could be saved: facts of the mini-batch, the columns of its rows, and the file that these are in."""

    facts: Facts
    columns: tuple[str, ...]
    rows: Path


class Rescue:
    """The calls of run() with pieces of one mini-batch, and what they come to. Used by the thread of the slot."""

    def __init__(
        self, due: DueBatch, paths: list[str], slot: Slot, scratch: Path, timeout: float, meanwhile: Callable[[], None]
    ) -> None:
        """Begin with nothing saved; the last three are for ScoringProcess.score()."""
        self._due, self._paths, self._slot = due, paths, slot
        self._spool, self._target = scratch / f"pieces-{due.index}", scratch / f"rescued-{due.index}"
        self._timeout, self._meanwhile = timeout, meanwhile
        self._isolation = Isolation(len(paths), self._call)
        self._old: list[Piece] = []
        self._kept = 0  # files of the old pieces whose rows are another job's
        self._short: dict[int, Fault] = {}  # of the old pieces
        self._written: list[WrittenFiles] = []

    def narrow(self, fault: Fault) -> None:
        """Find the culprits of a mini-batch that failed as a whole."""
        self._isolation.narrow(0, len(self._paths), fault)

    def keep(self, old: list[Piece], facts: Facts) -> None:
        """Take over the pieces that an earlier attempt scored, and which of their files had no rows."""
        self._old, self._kept = old, facts.kept
        self._written += facts.written
        at = {file.path: position for position, file in enumerate(self._due.files)}
        settled = self._settled()
        for failed in facts.failed:
            if at[failed.path] in settled:
                self._short[at[failed.path]] = facts.faults[failed.fault]

    def _settled(self) -> set[int]:
        return {position for piece in self._old for position in range(piece.first, piece.end)}

    def try_rest(self, *, may_narrow: bool) -> None:
        """Call run() with what is in no piece yet, each run of neighbours at once; files not fetched are given up.

        Args:
            may_narrow: find the culprits of a call that fails; otherwise all its files are given up.
        """
        settled = self._settled()
        for position, fault in self._due.unfetched.items():
            if position not in settled:
                self._isolation.blame(position, position + 1, fault)
        for first, end in _neighbours(set(range(len(self._paths))) - settled - {*self._due.unfetched}):
            failed = self._isolation.try_piece(first, end)
            if failed is not None and may_narrow:
                self._isolation.narrow(first, end, failed)
            elif failed is not None:
                self._isolation.blame(first, end, failed)

    def _call(self, first: int, end: int) -> Outcome:
        try:
            scored, seconds = self._slot.score(
                self._due.index,
                self._paths[first:end],
                str(self._spool),
                self._timeout,
                self._meanwhile,
                self._due.relative_paths[first:end],
            )
        except TryFailedError as error:
            return Outcome(error.fault, error.seconds)
        return Outcome(self._refuse(scored) or scored, seconds)

    def _refuse(self, scored: Scored) -> Fault | None:
        """Why a call's files cannot be kept beside those of other calls with the mini-batch, if they cannot."""
        if scored.written is None:
            return None
        twice = {name for written in self._written for name in written.names} & scored.written.names
        if not twice:
            self._written.append(scored.written)
            return None
        return Fault(
            error="wrong_file",
            message=f"run() wrote {min(twice)!r} into AZUREML_BI_OUTPUT_PATH again when it was called with another "
            "piece of its mini-batch, of which a file fails; name files after those they are made from, or write "
            "settings.isolate_failures: false",
        )

    @property
    def culprits(self) -> list[Culprit]:
        """Files that were given up, in input order."""
        return sorted(self._isolation.culprits, key=lambda culprit: culprit.position)

    @property
    def has_new_rows(self) -> bool:
        """Whether a call returned."""
        return bool(self._isolation.kept)

    def result(self, tries: int, layout: str) -> Rescued:
        """Facts and rows of all that was scored.

        Args:
            tries: of the whole mini-batch.
            layout: as the scoring process writes rows.
        """
        kept = self._isolation.kept
        new = [scored_piece(one.first, one.end, one.scored, self._spool) for one in kept]
        columns, pieces = combine([*self._old, *new], layout, self._target)
        self._spool.unlink(missing_ok=True)
        failed, faults = self._failed()
        facts = Facts(
            mini_batch=self._due.index,
            files=len(self._paths),
            rows=sum(piece.rows for piece in pieces),
            failed=failed,
            faults=faults,
            kept=self._kept,
            tries=tries,
            calls=self._isolation.calls,
            pieces=pieces,
            written=tuple(self._written),
            seconds=round(sum(one.seconds for one in kept), 6),
            fetch_seconds=round(self._due.waited, 6),
            failed_seconds=round(self._isolation.failed_seconds, 6),
            slot=self._slot.number,
        )
        return Rescued(facts, columns, self._target)

    def _failed(self) -> tuple[tuple[FailedFile, ...], tuple[Fault, ...]]:
        """Failed files in input order: culprits, and what run() returned no rows for."""
        faults: dict[Fault, int] = {}
        failed: dict[int, FailedFile] = {}
        for culprit in self._isolation.culprits:
            number = faults.setdefault(culprit.fault.without_traceback(), len(faults))
            failed[culprit.position] = self._failed_file(culprit.position, number, culprit.calls, culprit.seconds)
        for position, fault in self._short.items():
            failed[position] = self._failed_file(position, faults.setdefault(fault, len(faults)))
        is_short = self._is_short
        for one in self._isolation.kept:
            given_up = {position for position, _ in one.scored.given_up}
            for at, fault in failed_files(one.end - one.first, one.scored).items():
                if is_short or at in given_up:
                    number = faults.setdefault(fault, len(faults))
                    failed[one.first + at] = self._failed_file(one.first + at, number)
        return tuple(failed[position] for position in sorted(failed)), tuple(faults)

    @property
    def _is_short(self) -> bool:
        """Whether fewer rows came back than files were scored, over all pieces as it would be over one call."""
        scored = [(one.end - one.first - len(one.scored.given_up), one.scored.rows) for one in self._isolation.kept]
        scored += [(piece.end - piece.first, piece.rows) for piece in self._old]
        return sum(rows for _, rows in scored) < sum(files for files, _ in scored)

    def _failed_file(self, position: int, fault: int, calls: int = 0, seconds: float = 0.0) -> FailedFile:
        path = self._due.files[position].path
        return FailedFile(path=path, fault=fault, calls=calls, seconds=round(seconds, 6))


def _neighbours(positions: Iterable[int]) -> list[tuple[int, int]]:
    """Runs of positions that follow one another, each as its first and the one after its last."""
    runs = groupby(enumerate(sorted(positions)), key=lambda pair: pair[1] - pair[0])
    found = [[position for _, position in run] for _, run in runs]
    return [(run[0], run[-1] + 1) for run in found]
