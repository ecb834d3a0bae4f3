"""From the file of a table to frames, a chunk at a time; and which files are images."""

import json
import os

import pandas

IMAGES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".gif")


def is_image(path):
    """Whether a file is an image, by the end of its name."""
    return _extension(path) in IMAGES


def read(path, rows_per_chunk):
    """Give what is in a table: pairs of the first row's number, counted from 0, and a frame.

    Args:
        path: a local file; the end of its name says what it is.
        rows_per_chunk: most rows of a frame; 0 is all at once.
    Raises: ValueError for another kind of file, for a table without a row, and for what is not what its name says.
    """
    extension = _extension(path)
    if extension not in TABLES:
        raise ValueError(
            "a file that ends in %r is not read; there are %s" % (extension, ", ".join(sorted([*TABLES, *IMAGES])))
        )
    yield from _numbered(TABLES[extension](path, rows_per_chunk))


def _extension(path):
    return os.path.splitext(path)[1].lower()


def _numbered(frames):
    first = 0
    for frame in frames:
        if len(frame):
            yield first, frame.reset_index(drop=True)
        first += len(frame)
    if first == 0:
        raise ValueError("there is no row in it")


def _separated(separator):
    def read_chunks(path, rows_per_chunk):
        if not rows_per_chunk:
            return [pandas.read_csv(path, sep=separator)]
        return pandas.read_csv(path, sep=separator, chunksize=rows_per_chunk)

    return read_chunks


def _json_lines(path, rows_per_chunk):
    if not rows_per_chunk:
        return [pandas.read_json(path, lines=True)]
    return pandas.read_json(path, lines=True, chunksize=rows_per_chunk)


def _json(path, rows_per_chunk):
    with open(path, encoding="utf-8") as file:
        held = json.load(file)
    return _cut(_frame_of_json(held), rows_per_chunk)


def _frame_of_json(held):
    """A frame of a list of records, or of what MLflow's own server takes."""
    if isinstance(held, dict):
        for key in ("dataframe_records", "dataframe_split", "instances", "inputs"):
            if key in held:
                held = held[key]
                break
    if isinstance(held, dict) and "data" in held:
        return pandas.DataFrame(held["data"], columns=held.get("columns"))
    if isinstance(held, (list, dict)):
        return pandas.DataFrame(held)
    raise ValueError("its JSON is no table: write a list of objects, one for each row")


def _parquet(path, rows_per_chunk):
    if not rows_per_chunk:
        return [pandas.read_parquet(path)]
    from pyarrow.parquet import ParquetFile

    return (piece.to_pandas() for piece in ParquetFile(path).iter_batches(rows_per_chunk))


def _cut(frame, rows_per_chunk):
    step = rows_per_chunk or max(1, len(frame))
    return [frame.iloc[at : at + step] for at in range(0, len(frame), step)]


TABLES = {
    ".csv": _separated(","),
    ".tsv": _separated("\t"),
    ".jsonl": _json_lines,
    ".json": _json,
    ".parquet": _parquet,
    ".pqt": _parquet,
}
