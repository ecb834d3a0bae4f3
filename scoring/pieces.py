"""The rows of a mini-batch that was scored in pieces, put together in input order as one call would have given them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from scoring.facts import PieceFacts
from scoring.parts import Frame, RowReader
from scoring.process import Scored
from scoring.rows import with_columns
from scoring.storage import Folder


@dataclass(frozen=True)
class Piece:
    """Rows of the files from position `first` up to `end` of their mini-batch, encoded as the job's layout says."""

    first: int
    end: int
    rows: int
    columns: tuple[str, ...]
    read: Callable[[], bytes]


def scored_piece(first: int, end: int, scored: Scored, spool: Path) -> Piece:
    """What a call returned for some files; its rows lie in the spool."""

    def read() -> bytes:
        if not scored.length:
            return b""
        with spool.open("rb") as rows:
            rows.seek(scored.offset)
            return rows.read(scored.length)

    return Piece(first, end, scored.rows, scored.columns, read)


def stored_pieces(job: Folder, frame: Frame) -> list[Piece]:
    """The pieces of a mini-batch that is in a part already."""
    reader = RowReader(job)
    try:
        rows = reader.read(frame)
    finally:
        reader.close()
    source, pieces = BytesIO(rows), []
    for told in frame.facts.pieces:
        data = source.read(told.length)
        pieces.append(Piece(told.first, told.first + told.files, told.rows, frame.columns, BytesIO(data).getvalue))
    return pieces


def combine(pieces: Iterable[Piece], layout: str, target: Path) -> tuple[tuple[str, ...], tuple[PieceFacts, ...]]:
    """Write pieces to a file in the order of their files.

    Args:
        pieces: whose files do not overlap.
        layout: csv, azureml, jsonl or none.
        target: the file, which is made.
    Returns: the union of the columns in order of first appearance, and what there is to know of each piece.
    """
    ordered = sorted(pieces, key=lambda piece: piece.first)
    columns = tuple(dict.fromkeys(name for piece in ordered for name in piece.columns))
    told = []
    with target.open("wb") as file:
        for piece in ordered:
            data = piece.read()
            if layout == "csv":
                data = with_columns(data, piece.columns, columns)
            file.write(data)
            files = piece.end - piece.first
            told.append(PieceFacts(first=piece.first, files=files, rows=piece.rows, length=len(data)))
    return columns, tuple(told)
