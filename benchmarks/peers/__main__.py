"""Run one peer: `python -m benchmarks.peers NAME WORK`, where WORK is a file with a job in JSON."""

import sys
from functools import partial
from pathlib import Path

from benchmarks.peers.peer import find, write_rows
from benchmarks.work import Work

if __name__ == "__main__":  # Dask imports this module again in each Dask worker
    work = Work.model_validate_json(Path(sys.argv[2]).read_bytes())
    find(sys.argv[1]).score(work, partial(write_rows, work.output))
