"""Folders of jobs with tables of any size, as if the jobs had run."""

import csv
import json
import sys
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path

from scoring.job import Job
from scoring.listing import FILES, OFFSET, OFFSETS, SKIPPED, SUMMARY, ListingSummary
from scoring.manifest import Manifest
from scoring.recorded import FailedTry, Sample, Tried
from scoring.relay import LOGS
from scoring.settings import Settings
from scoring.summary import Files, Summary
from scoring.tables import FAILED_TRIES, MINI_BATCHES, RESOURCES

BEGAN = 1_790_000_000.0


def made_job(
    folder: Path, tried: list[Tried], failed: list[FailedTry] = (), samples: list[Sample] = (), **settings: object
) -> Job:
    """A job whose folder holds these tables, and a listing of files that need not be there."""
    manifest = Manifest(
        job="a-job",
        folder=str(folder),
        input=str(folder / "input"),
        output=str(folder / "score"),
        script=str(folder / "score.py"),
        code=str(folder),
        python=sys.executable,
        settings=Settings.model_validate(settings),
    )
    folder.mkdir(exist_ok=True)
    manifest.write()
    job = Job(manifest)
    write_list(folder, sum(row.files for row in tried))
    (folder / LOGS).mkdir()
    for name, kind, rows in (
        (MINI_BATCHES, Tried, tried),
        (FAILED_TRIES, FailedTry, failed),
        (RESOURCES, Sample, samples),
    ):
        with (folder / LOGS / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(kind._fields)
            writer.writerows(["" if value is None else value for value in row] for row in rows)
    return job


def failed_try(
    mini_batch: int, slot: int, began: float, seconds: float, *, number: int = 1, waiting: float = 0.0
) -> FailedTry:
    """A row of a try that failed, of a slot that turned to it at `began`."""
    return FailedTry(mini_batch, number, slot, began, waiting, 0.0, seconds, "ValueError", "score.py:7", "bad")


def write_list(folder: Path, files: int) -> None:
    """The listing of so many files of one byte each."""
    lines = [json.dumps([f"{at:06d}.txt", 1, ""]).encode() + b"\n" for at in range(files)]
    ends = accumulate(map(len, lines), initial=0)
    (folder / FILES).write_bytes(b"".join(lines))
    (folder / OFFSETS).write_bytes(b"".join(map(OFFSET.pack, ends)))
    (folder / SKIPPED).touch()
    told = ListingSummary(root=str(folder / "input"), files=files, skipped=0, size=files)
    (folder / SUMMARY).write_text(told.model_dump_json())


def summary_of(job: Job, tried: list[Tried], **known: object) -> Summary:
    """The summary of a job with such a table."""
    files, failed = job.listing.files, sum(row.failed for row in tried)
    told = {
        "job": job.manifest.job,
        "state": "CompletedWithErrors" if failed else "Completed",
        "message": f"{files - failed} of {files} files scored",
        "files": Files(listed=files, scored=files - failed, failed=failed, skipped=0, pending=0),
        "rows": sum(row.rows for row in tried),
        "mini_batches": len(tried),
        "mini_batches_done": len(tried),
        "tries": sum(row.tries for row in tried),
        "columns": (),
        "causes": (),
        "skipped": (),
        "input": job.manifest.input,
        "output": job.manifest.output,
        "written": (),
        "rows_file": None,
        "sha256": None,
        "model": None,
        "script": "score.py",
        "code_digest": "",
        "instance_count": 1,
        "slots": job.manifest.slots,
        "mini_batch_size": job.manifest.settings.mini_batch_size,
        "script_seconds": sum(row.scoring for row in tried),
        "timings": {"list": 0.4, "score": 60.0, "merge": 1.5},
        "ended": datetime(2026, 3, 1, tzinfo=UTC),
    }
    return Summary.model_validate(told | known)
