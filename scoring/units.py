"""What can be kept of a job's rows: units, each some neighbouring files with exactly their rows.

A part tells the rows of a mini-batch, not of a file. Where there are as many rows as files, the rows are the files' in
their order, as Azure reckons, and each file is a unit. Otherwise all files of the call that returned the rows are one
unit, which can be kept as a whole or not at all. Files of a call that returned too few rows are in none.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import tee

from scoring.input_file import InputFile
from scoring.job import Job
from scoring.parts import Frame, RowReader, read_frames


@dataclass(frozen=True)
class Unit:
    """Files that follow one another in a listing, and the rows that are theirs."""

    files: tuple[InputFile, ...]
    rows: int
    columns: tuple[str, ...]
    data: bytes


def units_of(job: Job) -> Iterator[Unit]:
    """Every unit of a job, in the order of its listing; one mini-batch's rows are in memory at a time."""
    reader = RowReader(job.folder)
    layout = job.manifest.layout
    frames, ahead = tee(read_frames(job.folder))
    batches = job.read_mini_batches(frame.facts.mini_batch for frame in ahead)
    try:
        for frame, (_, files) in zip(frames, batches, strict=True):
            yield from _units_in(frame, files, reader.read(frame), layout)
    finally:
        reader.close()


def _units_in(frame: Frame, files: list[InputFile], data: bytes, layout: str) -> Iterator[Unit]:
    failed = {one.path for one in frame.facts.failed}
    source = BytesIO(data)
    calls = [(piece.first, piece.files, piece.rows, piece.length) for piece in frame.facts.pieces]
    for first, count, rows, length in calls or [(0, len(files), frame.facts.rows, len(data))]:
        scored, text = files[first : first + count], source.read(length)
        if failed.isdisjoint(file.path for file in scored):
            whole = Unit(tuple(scored), rows, frame.columns, text)
            yield from _split(whole, layout)


def _split(whole: Unit, layout: str) -> Iterator[Unit]:
    lines = split_rows(whole.data, layout, whole.rows) if whole.rows == len(whole.files) else None
    if lines is None:
        yield whole
        return
    for file, line in zip(whole.files, lines, strict=True):
        yield Unit((file,), 1, whole.columns, line)


def split_rows(data: bytes, layout: str, rows: int) -> list[bytes] | None:
    """The rows one by one.

    Args:
        data: rows as a scoring process writes them.
        layout: csv, azureml, jsonl or none.
        rows: how many there are.
    Returns: so many, or None where it cannot be told where each ends.
    """
    if layout == "none":
        return [b""] * rows
    lines = _csv_rows(data) if layout == "csv" else data.splitlines(keepends=True)
    return lines if len(lines) == rows else None


def _csv_rows(data: bytes) -> list[bytes]:
    """A newline inside a field stands between quotes, of which a whole row has an even number."""
    rows: list[bytes] = []
    begun = b""
    for line in data.split(b"\n")[:-1]:
        begun += line + b"\n"
        if begun.count(b'"') % 2 == 0:
            rows.append(begun)
            begun = b""
    return rows
