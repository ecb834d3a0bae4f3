"""Putting any number of files into the byte order of their paths while few of them are held in memory."""

import heapq
import json
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice

from scoring.input_file import InputFile

RUN_FILES = 50_000  # held at once: some 20 MB


def in_byte_order(files: Iterable[InputFile]) -> Iterator[InputFile]:
    """The files sorted by the UTF-8 bytes of their paths, which for text is the order of its characters.

    Stores list in orders of their own: S3 promises this one, others go folder by folder. Sorted runs are put aside in
    temporary files and merged, so memory does not grow with the number of files.
    """
    remaining = iter(files)
    with ExitStack() as runs:
        spilled: list[Iterator[InputFile]] = []
        while run := sorted(islice(remaining, RUN_FILES)):
            if not spilled and len(run) < RUN_FILES:
                yield from run  # all there is
                return
            file = runs.enter_context(tempfile.TemporaryFile(prefix="batchpoint-listing-"))
            file.writelines(json.dumps(one).encode() + b"\n" for one in run)
            file.seek(0)
            spilled.append(InputFile(*json.loads(line)) for line in file)
        yield from heapq.merge(*spilled)
