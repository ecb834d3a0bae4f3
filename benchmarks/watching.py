"""`make bench-watching`: what following a job in a terminal costs, in CPU of all processes that have to do with it."""

import argparse
import fcntl
import os
import pty
import resource
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from statistics import median

import psutil

from benchmarks import machine, options, table
from benchmarks.images import make_empty_files
from benchmarks.measure import await_end, await_output, clear, running
from benchmarks.results import Pair, WatchedJob, Watching, keep
from benchmarks.server import COMMAND, Server
from benchmarks.systems.batchpoint import Batchpoint, StartedJob, register, remove_jobs
from benchmarks.work import Work
from benchmarks.workspace import Workspace

SCRIPT = "steady"
MINI_BATCHES = (300, 1500)
"""Of the jobs, by default: some 9 s of time, and 40."""
MINI_BATCH_SIZE = 10
PROCESSES = 2
PAIRS = 10
PATIENCE = 20.0
"""Seconds to wait for a quiet machine before each job."""
SETTLES = 3.0
"""Seconds that the server is given after a job to write down what it was told last; it uses CPU for that."""
WINDOW = struct.pack("HHHH", 40, 120, 0, 0)
"""Rows and columns of the terminal."""


@dataclass
class Account:
    """CPU seconds of server, worker, what these keep ready for jobs and commands, and all that these have started.

    A process that has ended is in its parent's account, as soon as the parent has heard of it.
    """

    server: Server

    def used(self) -> float:
        """Seconds so far, those of commands included that this process has started."""
        ours = resource.getrusage(resource.RUSAGE_CHILDREN)
        return sum(map(_seconds_of, self._processes())) + ours.ru_utime + ours.ru_stime

    def _processes(self) -> set[psutil.Process]:
        """Commands are forked by a process that has left the family, and is known by what it serves."""
        apart = [one for one in psutil.process_iter() if str(self.server.home.forks) in _typed(one)]
        roots = [*self.server.processes.values(), *apart]
        return {each for one in roots for each in (one, *one.children(recursive=True))}


def _typed(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def _seconds_of(process: psutil.Process) -> float:
    try:
        return float(sum(process.cpu_times()[:4]))
    except psutil.NoSuchProcess:
        return 0.0


@contextmanager
def followed(server: Server, job: str) -> Iterator[None]:
    """Have a job followed by `job stream` in a terminal until it ends."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, WINDOW)
    command = subprocess.Popen(
        [COMMAND, "job", "stream", "-n", job],
        env={**server.environment, "TERM": "xterm-256color"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    reading = threading.Thread(target=_read_all, args=(ours,))
    reading.start()
    try:
        yield
    finally:
        command.wait()
        reading.join()
        os.close(ours)


def _read_all(terminal: int) -> None:
    with suppress(OSError):  # Linux says so where others end the file
        while os.read(terminal, 1 << 16):
            continue


@dataclass(frozen=True)
class Cost:
    """Of one job, from the start of the command that sends it: seconds of CPU, and of time."""

    used: float
    took: float


def cost(system: Batchpoint, work: Work, *, is_followed: bool) -> Cost:
    """Run a job. Raises: BenchmarkError when it fails."""
    clear(work)
    account = Account(system.server)
    machine.wait_until_quiet(PATIENCE)
    before, began = account.used(), time.monotonic()
    with running(system, work) as started:
        assert isinstance(started, StartedJob)
        started.command.wait()
        started.check()
        with followed(system.server, started.flow_run) if is_followed else nullcontext():
            await_output(work.output, started)
            took = await_end(started) - began
    time.sleep(SETTLES)
    used = account.used() - before
    remove_jobs(system.server)
    return Cost(used, took)


def measure(system: Batchpoint, work: Work, pairs: int) -> WatchedJob:
    """Jobs with and without somebody who follows, in turns, after one that brings files into the disk's cache."""
    cost(system, work, is_followed=True)
    found, seconds = [], []
    for number in range(pairs):
        order = (True, False) if number % 2 else (False, True)
        costs = {is_followed: cost(system, work, is_followed=is_followed) for is_followed in order}
        found.append(Pair(followed=costs[True].used, alone=costs[False].used))
        seconds.append(costs[False].took)
    return WatchedJob(mini_batches=work.mini_batches, seconds=median(seconds), pairs=found)


def rows(pairs: list[Pair]) -> table.Rows:
    """Each pair, and the medians."""
    figures = [(str(number), pair.followed, pair.alone, pair.more) for number, pair in enumerate(pairs, 1)]
    medians = (median(column) for column in zip(*(figure[1:] for figure in figures), strict=True))
    return [
        {"pair": name, "followed": f"{followed:.2f}", "alone": f"{alone:.2f}", "more": f"{more:+.1%}"}
        for name, followed, alone, more in [*figures, ("median", *medians)]
    ]


def main() -> None:
    """Measure, show, keep."""
    arguments = _arguments()
    console = options.wide_console()
    workspace = Workspace.make(arguments.workspace)
    result = Watching(machine=machine.describe(), jobs=[])
    with Server(workspace.home) as server:
        register(server, SCRIPT, workspace, PROCESSES)
        for mini_batches in arguments.mini_batches:
            job = measure(Batchpoint(server, workspace.logs), _work(workspace, mini_batches), arguments.pairs)
            result.jobs.append(job)
            console.print(table.on_terminal(title(job), rows(job.pairs)))
    page = "\n".join(table.on_page(title(job), rows(job.pairs)) for job in result.jobs)
    kept = [keep(result, arguments.results / "watching.json"), keep(page, arguments.results / "watching.md")]
    console.print("kept:", *kept)


def _work(workspace: Workspace, mini_batches: int) -> Work:
    files = mini_batches * MINI_BATCH_SIZE
    inputs = make_empty_files(workspace.inputs, files)
    return workspace.work(SCRIPT, inputs, files=files, mini_batch_size=MINI_BATCH_SIZE, processes=PROCESSES)


def title(job: WatchedJob) -> str:
    """Which job it was."""
    return (
        f"CPU seconds of a job of {job.mini_batches} mini-batches ({job.seconds:.0f} s), followed in a terminal and not"
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--mini-batches", type=int, nargs="+", default=MINI_BATCHES, help="of each job (%(default)s)", metavar="N"
    )
    parser.add_argument("--pairs", type=int, default=PAIRS, help="jobs with and without (%(default)s)")
    options.add_folders(parser)
    return parser.parse_args()


if __name__ == "__main__":
    main()
