"""`make bench-scale`: what a job with a script that does nothing costs, for a thousand files to a million."""

import argparse
import json
from dataclasses import dataclass

from benchmarks import machine, options, table
from benchmarks.images import make_empty_files
from benchmarks.measure import Times, measure, measure_watched
from benchmarks.results import Growth, Scale, keep
from benchmarks.server import Server
from benchmarks.systems.batchpoint import Batchpoint, register, remove_jobs
from benchmarks.work import Work
from benchmarks.workspace import Workspace

SCRIPT = "noop"
COUNTS = (1_000, 10_000, 100_000, 1_000_000)
MINI_BATCH_SIZE = 10
PROCESSES = 2
IDLE_SECONDS = 20
PATIENCE = 20.0
"""Seconds to wait for a quiet machine before each job."""


@dataclass
class Ladder:
    """Runs one job after the other, each larger than the one before."""

    workspace: Workspace
    server: Server
    idle_requests: float
    """Requests a second that the worker makes while there is nothing to do."""

    def climb(self, count: int) -> Growth:
        """One job to see what it takes, and one more to see its memory, since looking costs time."""
        work = self._work(count)
        system = Batchpoint(self.server, self.workspace.logs)
        busy = machine.wait_until_quiet(PATIENCE)
        before = self.server.count_requests()
        times = measure(system, work)
        requests = self.server.count_requests() - before - self.idle_requests * (times.gone - times.began)
        summary = json.loads((work.output / "summary.json").read_bytes())
        _, memory = measure_watched(system, work)
        remove_jobs(self.server)
        return Growth(
            files=count,
            mini_batches=work.mini_batches,
            whole=times.there - times.began,
            tax=tax(work, times),
            stages=summary["timings"],
            task_runs=self.server.count_task_runs(summary["job"]),
            requests=round(requests),
            memory={**memory.servers, **memory.job},
            busy=busy,
        )

    def _work(self, count: int) -> Work:
        inputs = make_empty_files(self.workspace.inputs, count)
        return self.workspace.work(SCRIPT, inputs, files=count, mini_batch_size=MINI_BATCH_SIZE, processes=PROCESSES)


def tax(work: Work, times: Times) -> float:
    """Milliseconds of wall time per mini-batch while scoring."""
    return 1000 * (times.marks.last_ended - times.marks.first_began) / work.mini_batches


def main() -> None:
    """Measure, show, keep."""
    arguments = _arguments()
    console = options.wide_console()
    workspace = Workspace.make(arguments.workspace)
    result = Scale(machine=machine.describe(), processes=PROCESSES, mini_batch_size=MINI_BATCH_SIZE)
    with Server(workspace.home) as server:
        register(server, SCRIPT, workspace, PROCESSES)
        ladder = Ladder(workspace, server, server.idle_requests(IDLE_SECONDS))
        for count in arguments.files:
            result.jobs.append(ladder.climb(count))
            for title, rows in tables(result).items():
                console.print(table.on_terminal(title, rows))
    pages = [table.on_page(title, rows) for title, rows in tables(result).items()]
    kept = [keep(result, arguments.results / "scale.json"), keep("\n".join(pages), arguments.results / "scale.md")]
    console.print("kept:", *kept)


def tables(result: Scale) -> dict[str, table.Rows]:
    """What is shown, by title."""
    return {f"Jobs on {result.machine}": table.growth(result), "Seconds of each stage": table.stages(result)}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, nargs="+", default=COUNTS, help="how many files (%(default)s)")
    options.add_folders(parser)
    return parser.parse_args()


if __name__ == "__main__":
    main()
