"""Many small objects in a bucket: how long they take to be scored, beside how long it takes to fetch them at all."""

import argparse
import asyncio
import logging
import tempfile
import time
from pathlib import Path

import aiohttp
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from yarl import URL

import scoring
from benchmarks import machine, options, table
from benchmarks.results import Objects, keep
from benchmarks.workspace import SCRIPTS
from scoring.access import Access, grant
from tests.object_stores import ADMIN, S3Server, s3_server, why_no_s3

BUCKET, FOLDER = "data", "objects"
BYTES = 330
AT_ONCE = 32
PROCESSES = 2
MINI_BATCH_SIZE = 10
PATIENCE = 20.0
"""Seconds to wait for a quiet machine before each turn."""


def name_of(number: int) -> str:
    """The key of an object, below the folder."""
    return f"{number:06d}.bin"


def fill(server: S3Server, count: int) -> None:
    """Put the objects into the bucket."""
    data = bytes(range(256)) + bytes(BYTES - 256)
    server.fs().pipe({f"{BUCKET}/{FOLDER}/{name_of(number)}": data for number in range(count)})


def fetch(server: S3Server, count: int) -> float:
    """Seconds to get every object into memory by signed URLs, and nothing else."""
    signer = S3SigV4QueryAuth(Credentials(ADMIN.key, ADMIN.secret), "s3", "us-east-1", expires=600)

    def signed(number: int) -> URL:
        request = AWSRequest("GET", f"{server.url}/{BUCKET}/{FOLDER}/{name_of(number)}")
        signer.add_auth(request)
        return URL(request.url, encoded=True)

    async def get(session: aiohttp.ClientSession, numbers: "list[int]") -> None:
        while numbers:
            async with session.get(signed(numbers.pop())) as reply:
                reply.raise_for_status()
                await reply.read()

    async def get_all() -> None:
        numbers = list(range(count))
        async with aiohttp.ClientSession(auto_decompress=False) as session:
            await asyncio.gather(*(get(session, numbers) for _ in range(AT_ONCE)))

    began = time.perf_counter()
    asyncio.run(get_all())
    return time.perf_counter() - began


def score(folder: Path) -> scoring.Summary:
    """Score them with the script that does nothing."""
    return scoring.score(
        script=SCRIPTS / "noop.py",
        inputs=f"s3://{BUCKET}/{FOLDER}",
        output=folder / "output",
        settings={"mini_batch_size": MINI_BATCH_SIZE, "max_concurrency_per_instance": PROCESSES},
        overwrite=True,
    )


def measure(server: S3Server, result: Objects, folder: Path, repeats: int) -> None:
    """Fetch and score in turns."""
    grant(Access(f"s3://{BUCKET}/{FOLDER}", "benchmark", server.options()))
    for _ in range(repeats):
        result.busy.append(machine.wait_until_quiet(PATIENCE))
        result.fetch.append(fetch(server, result.objects))
        summary = score(folder)
        result.score.append(summary.timings["score"])
        result.waited.append(summary.fetch_seconds / PROCESSES)


def main() -> None:
    """Measure, show, keep."""
    arguments = _arguments()
    console = options.wide_console()
    if reason := why_no_s3():
        console.print(f"objects are left out: {reason}")
        return
    logging.getLogger("scoring").setLevel(logging.WARNING)
    result = Objects(machine=machine.describe(), objects=arguments.objects, bytes=BYTES, processes=PROCESSES)
    with tempfile.TemporaryDirectory() as folder, s3_server(Path(folder)) as server:
        fill(server, arguments.objects)
        measure(server, result, Path(folder), arguments.repeats)
    title, rows = f"{result.objects:,} objects of {BYTES} bytes from S3 on loopback", table.objects(result)
    console.print(table.on_terminal(title, rows))
    kept = [
        keep(result, arguments.results / "objects.json"),
        keep(table.on_page(title, rows), arguments.results / "objects.md"),
    ]
    console.print("kept:", *kept)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=10_000, help="how many (%(default)s)")
    parser.add_argument("--repeats", type=int, default=5, help="turns of each (%(default)s)")
    options.add_folders(parser)
    return parser.parse_args()


if __name__ == "__main__":
    main()
