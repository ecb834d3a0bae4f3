"""Small pictures of a few inputs, with what was predicted for them."""

import base64
import io
import time
from dataclasses import dataclass
from itertools import pairwise

from scoring.errors import StoreError
from scoring.input_file import InputFile
from scoring.job import Job
from scoring.recorded import Tried
from scoring.report.predictions import Predictions, Row
from scoring.storage import Folder

MOST = 12
PIXELS = 96
LARGEST = 8 << 20
"""Bytes of a file that is looked at."""
SECONDS = 0.15
"""Of CPU that pictures may take, from the third one on: a page is not worth more of a job's time."""
SIDE = 12_000
"""Pixels of the longer side of a picture that is opened."""
ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff")
VALUES = 3
GOLDEN = 0.618034
"""Multiples of it, without their whole part, are spread evenly and repeat with no period that inputs may have."""


@dataclass(frozen=True)
class Thumbnail:
    """An input as a picture inside the page, its path, and its row."""

    path: str
    picture: str
    row: list[tuple[str, str]]


class Picks:
    """Mini-batches whose files' rows can be told, evenly, as rows of the table are added."""

    def __init__(self, mini_batches: int) -> None:
        self._every = max(1, mini_batches // (2 * MOST))
        self._rows_before = self._seen = 0
        self._places: dict[int, int] = {}

    def add(self, row: Tried) -> None:
        """Take in a mini-batch; they come in the order of the output's rows."""
        if self._seen % self._every == 0 and row.rows == row.files and row.is_ok:
            self._places[row.mini_batch] = self._rows_before
        self._seen += 1
        self._rows_before += row.rows

    def files(self, job: Job, rows: int) -> dict[int, InputFile]:
        """Some inputs that are pictures, by the places of their rows; none where places do not add up.

        Where there are fewer mini-batches than pictures to show, several of a mini-batch.
        """
        if not self._places or self._rows_before != rows:
            return {}
        batches = dict(job.read_mini_batches(sorted(self._places)))
        each = max(1, -(-MOST // len(batches)))
        found: dict[int, InputFile] = {}
        for nth, (index, files) in enumerate(batches.items()):
            step = max(1, len(files) // each)
            first = _within(nth, 0, step)
            found |= {self._places[index] + at: files[at] for at in range(first, len(files), step)}
        pictures = [(place, file) for place, file in found.items() if _is_picture(file)]
        if len(pictures) <= MOST:
            return dict(pictures)
        ends = [len(pictures) * nth // MOST for nth in range(MOST + 1)]
        return dict(pictures[_within(nth, *span)] for nth, span in enumerate(pairwise(ends)))


def thumbnails_of(job: Job, files: dict[int, InputFile], found: Predictions) -> list[Thumbnail]:
    """The pictures; a file that is gone by now, or no picture after all, is left out."""
    root, spent = Folder(job.listing.root), time.thread_time() + SECONDS
    made: list[Thumbnail] = []
    for place, file in sorted(files.items()):
        if len(made) >= 2 and time.thread_time() > spent:
            break
        if place in found.picked and (picture := _picture(root, file)):
            made.append(Thumbnail(file.path, picture, _values(found.picked[place], file)))
    return made


def _within(nth: int, first: int, end: int) -> int:
    """A place in the nth of several spans, which is not the same in each: inputs are often in some rhythm."""
    return first + int(nth * GOLDEN % 1 * (end - first))


def _is_picture(file: InputFile) -> bool:
    return file.path.lower().endswith(ENDINGS) and file.size <= LARGEST


def _picture(root: Folder, file: InputFile) -> str:
    """The file as a small JPEG in a data URI; empty where it cannot be read as a picture."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(root.read(file.path))) as opened:
            if max(opened.size) > SIDE:
                return ""
            opened.draft("RGB", (PIXELS * 2, PIXELS * 2))  # a JPEG is read no larger than needed
            small = opened.convert("RGB")
        small.thumbnail((PIXELS, PIXELS))
        made = io.BytesIO()
        small.save(made, "JPEG", quality=80)
    except (
        OSError,
        StoreError,
        ValueError,
        SyntaxError,
        Image.DecompressionBombError,
    ):  # what Pillow says of files that are no pictures
        return ""
    return f"data:image/jpeg;base64,{base64.b64encode(made.getvalue()).decode()}"


def _values(row: Row, file: InputFile) -> list[tuple[str, str]]:
    """The first values of a row, but for the file's own name."""
    name = file.path.rpartition("/")[2]
    told = ((column, str(value)) for column, value in row.items())
    return [(column, _short(value)) for column, value in told if value and not value.endswith(name)][:VALUES]


def _short(value: str) -> str:
    try:
        return f"{float(value):.4g}" if "." in value else value
    except ValueError:
        return value
