"""A job's process for test_killed_jobs to kill: it does what is left to do of the job in a folder, and commits it."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from scoring import parts
from scoring.assemble import assemble
from scoring.base import keep_rows
from scoring.chunk import score_chunk
from scoring.errors import MiniBatchesFailedError
from scoring.fleet import Fleet
from scoring.job import Job
from scoring.listing import write_listing
from scoring.planning import Chunk, plan_chunks

PART_SECONDS = 0.03  # so that a job of a second has many parts


def go_on_with(folder: str) -> None:
    """Score what is in no part yet, with every mini-batch's tries, and commit the output."""
    parts.PART_SECONDS = PART_SECONDS
    job = Job.open(folder).leased()
    fleet = Fleet(job.manifest.launch(), has_scored=bool(parts.Done(job.folder)))
    write_listing(job.manifest.input, job.folder)
    keep_rows(job)

    def score(chunk: Chunk) -> None:
        for attempt in range(1, job.manifest.settings.retry_settings.max_retries + 2):
            with suppress(MiniBatchesFailedError):
                score_chunk(job, chunk, fleet, attempt=attempt, tell=lambda news: None)
                return

    with ThreadPoolExecutor(job.manifest.slots) as threads:
        list(threads.map(score, plan_chunks(job.mini_batches, job.manifest.slots)))
    fleet.close()
    assemble(job)
