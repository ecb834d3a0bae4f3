"""What the gateway bears: many jobs sent at once while others are looked at, on SQLite and on PostgreSQL."""

import argparse
import os
import tempfile
from pathlib import Path

from pydantic import BaseModel, Field

from benchmarks import machine, options, table
from benchmarks.burst import ENDPOINT, READS_PER_SECOND, Burst, measure, percentile
from benchmarks.databases import gateway, on_postgresql, on_sqlite
from benchmarks.machine import Machine
from benchmarks.results import keep
from benchmarks.workspace import SCRIPTS
from blocks.prefect_store import PrefectStore
from blocks.specs import Compute, Datastore, Deployment, Endpoint, Model
from deployments.service import computes, datastores, deployments, endpoints, tokens
from deployments.service.prefect_launcher import PrefectLauncher
from tests.postgresql import why_no_postgresql


class Loads(BaseModel):
    """All that `make load` measured."""

    machine: Machine
    bursts: list[Burst] = Field(default_factory=list)


def prepare(folder: Path, endpoint: str | None = ENDPOINT) -> str:
    """Register an endpoint whose script does nothing, with one file to score; a token for it, or for all."""
    store, launcher = PrefectStore(), PrefectLauncher()
    (folder / "in").mkdir(parents=True)
    (folder / "in/one.txt").write_text("1")
    computes.create(store, launcher, Compute(name=ENDPOINT, max_instances=os.cpu_count() or 1))
    datastores.create(store, Datastore(name=ENDPOINT, root=str(folder)))
    endpoints.create(store, launcher, Endpoint(name=ENDPOINT))
    declared = {
        "name": "noop",
        "endpoint_name": ENDPOINT,
        "model": Model(name=ENDPOINT, path=str(folder / "in")),
        "code_configuration": {"code": str(SCRIPTS), "scoring_script": "noop.py"},
        "compute": ENDPOINT,
    }
    deployments.create(store, launcher, Deployment.model_validate(declared), set_default=True)
    return tokens.create(store, endpoint=endpoint, role="invoke", lifetime=None).text


def rows(result: Loads) -> table.Rows:
    """What each burst came to."""
    return [
        {
            "database": one.database,
            "jobs": str(one.jobs),
            "all taken after, s": f"{one.whole:.1f}",
            "answered 201": str(one.answers.get(201, 0)),
            "answered 429": str(one.answers.get(429, 0)),
            "given up": str(one.given_up),
            "lost": str(one.lost),
            "doubled": str(one.doubled),
            "began meanwhile": str(one.began),
            "POST median, s": f"{percentile(one.sent, 50):.2f}",
            "GETs": str(len(one.read)),
            "GET median, s": f"{percentile(one.read, 50):.2f}",
            "GET p99, s": f"{percentile(one.read, 99):.2f}",
        }
        for one in result.bursts
    ]


def main() -> None:
    """Measure, show, keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=200, help="how many are sent at once (%(default)s)")
    parser.add_argument("--repeats", type=int, default=1, help="bursts on each database (%(default)s)")
    options.add_folders(parser)
    arguments = parser.parse_args()
    console, result = options.wide_console(), Loads(machine=machine.describe())
    places = {"SQLite": on_sqlite, "PostgreSQL": on_postgresql}
    if reason := why_no_postgresql():
        console.print(f"PostgreSQL is left out: {reason}")
        del places["PostgreSQL"]
    for database, place in places.items():
        with tempfile.TemporaryDirectory() as name, place(Path(name)):
            token = prepare(Path(name) / "shelf")
            with gateway() as url:
                for _ in range(arguments.repeats):
                    result.bursts.append(measure(url, token, arguments.jobs, database))
    title = f"{arguments.jobs} jobs sent at once, {READS_PER_SECOND} GETs a second meanwhile"
    console.print(table.on_terminal(title, rows(result)))
    kept = [
        keep(result, arguments.results / "load.json"),
        keep(table.on_page(title, rows(result)), arguments.results / "load.md"),
    ]
    console.print("kept:", *kept)


if __name__ == "__main__":
    main()
