"""Keeping the rows of an earlier job, the base, for files that need not be scored again.

This job lists all its files and cuts them into mini-batches as always. Before it scores anything, it walks its listing
and the base's units side by side. A unit is kept if the files of it follow one another in one mini-batch of this job,
each of the same path, size and etag. A mini-batch whose files are all kept becomes a frame of a part; one of which only
some are becomes an incomplete part, whose other files are then scored like those that were given up before.

So merging, accounting and resuming know of no base; and once all is taken over, this job needs the base no more.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from scoring.facts import Facts, PieceFacts, Record
from scoring.held_folder import HeldFolder
from scoring.input_file import InputFile
from scoring.job import Job
from scoring.manifest import Manifest
from scoring.parts import Done, PartWriter
from scoring.pieces import Piece, combine
from scoring.process import Scored
from scoring.storage import Folder
from scoring.units import Unit, units_of

KEPT = "kept.json"
WITHOUT_EFFECT = {
    "max_concurrency_per_instance",
    "output_file_name",
    "output_format",
    "error_threshold",
    "fail_fast",
    "isolate_failures",
    "max_runtime",
    "memory_limit",
    "retry_settings",
    "logging_level",
    "init_timeout",
    "prefetch_limit",
    "include_hidden",
    "shared_output",
    "tracking_uri",
}
"""Settings that a row does not depend on; how rows are written is compared by itself."""


class Kept(Record):
    """What was taken over from the base."""

    files: int


def needs_base(manifest: Manifest) -> bool:
    """Whether a job would still read what its base has stored."""
    base = manifest.base
    return base is not None and not base.differs and not Folder(manifest.folder).exists(KEPT)


def keep_rows(job: Job) -> int:
    """Take over what can be kept from the job's base; how many files' rows these are.

    What was taken over before, by a run of the job that was killed, is not written again.
    Raises: SupersededError when another run of the job has begun.
    """
    base = job.manifest.base
    if base is None or base.differs:
        return 0
    if job.folder.exists(KEPT):
        return Kept.model_validate_json(job.folder.read(KEPT)).files
    with HeldFolder("keep") as scratch:
        files = _Keeper(job, scratch).keep(units_of(Job.open(base.folder)))
    job.lease.check()
    job.folder.write(KEPT, Kept(files=files).model_dump_json().encode())
    return files


class _Keeper:
    """Writes what is kept as parts of the job."""

    def __init__(self, job: Job, scratch: Path) -> None:
        self._job, self._scratch = job, scratch
        self._done = Done(job.folder)
        self._writer = PartWriter(job.folder, scratch, job.lease)

    def keep(self, units: Iterator[Unit]) -> int:
        """Take over every unit that can be; how many files these are."""
        files = 0
        for index, batch, pieces in matched(self._job.read_mini_batches(range(self._job.mini_batches)), units):
            files += sum(piece.end - piece.first for piece in pieces)
            if pieces and index not in self._done and index not in self._done.incomplete:
                self._write(index, batch, pieces)
        self._writer.close()
        return files

    def _write(self, index: int, batch: list[InputFile], pieces: list[Piece]) -> None:
        rows = self._scratch / "rows"
        columns, told = combine(pieces, self._job.manifest.layout, rows)
        kept = sum(piece.files for piece in told)
        facts = Facts(
            mini_batch=index,
            files=len(batch),
            rows=sum(piece.rows for piece in told),
            kept=kept,
            untried=len(batch) - kept,
            pieces=() if kept == len(batch) and _can_be_told_apart(told) else told,
            tries=0,
        )
        if facts.untried:
            self._writer.add_alone(facts, columns, rows, is_complete=False)
            return
        spool = Path(self._writer.spool_for(index))
        with spool.open("ab") as file:
            offset = file.tell()
            file.write(rows.read_bytes())
            length = file.tell() - offset
        self._writer.add(facts, Scored(facts.rows, columns, offset, length, None))


def matched(
    batches: Iterable[tuple[int, list[InputFile]]], units: Iterator[Unit]
) -> Iterator[tuple[int, list[InputFile], list[Piece]]]:
    """Each mini-batch with its files, and the pieces of it that are kept.

    Args:
        batches: mini-batches with their files, in the order of the listing.
        units: of another job, in the order of its listing; both are in the byte order of paths.
    """
    unit = next(units, None)
    for index, files in batches:
        place = {file: position for position, file in enumerate(files)}
        pieces = []
        while unit is not None and os.fsencode(unit.files[0].path) <= os.fsencode(files[-1].path):
            first = place.get(unit.files[0])
            if first is not None and tuple(files[first : first + len(unit.files)]) == unit.files:
                pieces.append(_piece(first, unit))
            unit = next(units, None)
        yield index, files, pieces


def _can_be_told_apart(pieces: tuple[PieceFacts, ...]) -> bool:
    """Whether a later job finds the same units without being told of the pieces."""
    return len(pieces) == 1 or all(piece.files == piece.rows == 1 for piece in pieces)


def _piece(first: int, unit: Unit) -> Piece:
    return Piece(first, first + len(unit.files), unit.rows, unit.columns, lambda: unit.data)


def differences(base: Manifest, job: Manifest) -> str:
    """Why no row of the base can be this job's: what has changed of all that rows depend on; empty if nothing has."""
    ours, theirs = (each.settings.model_dump(mode="json", exclude=WITHOUT_EFFECT) for each in (job, base))
    changed = [name for name, (old, new) in _compared(base, job).items() if old != new]
    changed += [f"settings.{name}" for name in ours if ours[name] != theirs[name]]
    if writes_files(base):
        return "the script writes files of its own, which are not kept"
    return f"{', '.join(changed)} {'has' if len(changed) == 1 else 'have'} changed" if changed else ""


def _compared(base: Manifest, job: Manifest) -> dict[str, tuple[object, object]]:
    return {
        "the input": (base.input, job.input),
        "the model": (_identity(base), _identity(job)),
        "the code": (base.code_digest or base.code, job.code_digest or job.code),
        "the scoring script": (Path(base.script).name, Path(job.script).name),
        "the interpreter": (base.python, job.python),
        "the environment": (base.recipe, job.recipe),
        "the literal inputs": (base.literals, job.literals),
        "the layout of rows": (base.layout, job.layout),
    }


def _identity(manifest: Manifest) -> object:
    model = manifest.model
    return (model.digest or (model.name, model.version)) if model is not None else manifest.model_dir


def writes_files(manifest: Manifest) -> bool:
    """Whether the script of a job has written files of its own, which belong to no file of the input."""
    return manifest.own_files.exists()
