"""Merging the rows of all mini-batches into one file, in input order, streaming, in each format."""

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from scoring.parts import Frame, RowReader, Sink
from scoring.settings import OutputFormat

LONGEST_FIELD = 2**31 - 1  # csv's own limit of 128 KiB is too short for a text


def merge(
    frames: Callable[[], Iterable[Frame]], reader: RowReader, columns: list[str], layout: OutputFormat, target: Path
) -> str:
    """Write all rows to one file.

    Args:
        frames: called for each pass over the finished mini-batches, in input order; Parquet needs two passes.
        reader: where their rows are read.
        columns: the union of all frames' columns in order of first appearance.
        layout: format of the file.
        target: the file, which must not be there yet.
    Returns: the file's sha256.
    """
    if layout == OutputFormat.PARQUET:
        from scoring.parquet import write_parquet  # pyarrow takes 0.15 s to import, and every command imports this

        write_parquet(lambda: _records(frames(), reader), columns, target)
        with target.open("rb") as written:
            return hashlib.file_digest(written, "sha256").hexdigest()
    with target.open("xb") as file:
        hashing = _Hashing(file)
        if layout == OutputFormat.CSV:
            _write_csv(frames(), reader, columns, hashing)
        else:
            for frame in frames():
                reader.copy(frame, hashing)
        return hashing.digest.hexdigest()


class _Hashing:
    """Passes bytes on and hashes them, so that the output need not be read again."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.digest = hashlib.sha256()

    def write(self, data: bytes, /) -> int:
        self.digest.update(data)
        return self.file.write(data)


def _write_csv(frames: Iterable[Frame], reader: RowReader, columns: list[str], file: Sink) -> None:
    """Header and rows; a frame with other columns is read and written anew, empty where it has none (design.md)."""
    if columns:
        file.write(_csv_line(columns))
    for frame in frames:
        if not frame.length:
            continue
        if list(frame.columns) == columns:
            reader.copy(frame, file)
        else:
            file.write(with_columns(reader.read(frame), frame.columns, columns))


def with_columns(rows: bytes, columns: Sequence[str], wanted: Sequence[str]) -> bytes:
    """Rows of a CSV without a header, with other columns: those of the same name, empty where they had none."""
    if list(columns) == list(wanted):
        return rows
    csv.field_size_limit(LONGEST_FIELD)
    place = {name: at for at, name in enumerate(columns)}
    picked = [place.get(name) for name in wanted]
    lines = csv.reader(io.StringIO(rows.decode(), newline=""))
    return b"".join(_csv_line(["" if at is None or at >= len(row) else row[at] for at in picked]) for row in lines)


def _csv_line(cells: list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(cells)  # csv quotes what holds a character of the row's end
    return text.getvalue()[:-2].encode("utf-8", "backslashreplace") + b"\n"


def _records(frames: Iterable[Frame], reader: RowReader) -> Iterator[dict[str, Any]]:
    for frame in frames:
        for line in reader.read(frame).splitlines():
            yield json.loads(line)
