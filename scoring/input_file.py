"""One input file as a listing tells of it; named tuples, because a job may have a million."""

from typing import NamedTuple


class InputFile(NamedTuple):
    """One file: its path relative to the input's root, its size in bytes, and what tells that it changed."""

    path: str
    size: int
    etag: str


class Unreadable(NamedTuple):
    """Something with a file's name that holds nothing to score, and what it is."""

    path: str
    reason: str
