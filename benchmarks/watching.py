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
from benchmarks.images import make_images
from benchmarks.measure import await_end, await_output, clear, running
from benchmarks.results import Pair, Watching, keep
from benchmarks.server import COMMAND, Server
from benchmarks.systems.batchpoint import Batchpoint, StartedJob, register, remove_jobs
from benchmarks.work import Work
from benchmarks.workspace import Workspace

SCRIPT = "batch_driver"
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


def cpu_seconds(system: Batchpoint, work: Work, *, is_followed: bool) -> float:
    """What one job costs, from the start of the command that sends it. Raises: BenchmarkError when it fails."""
    clear(work)
    account = Account(system.server)
    machine.wait_until_quiet(PATIENCE)
    before = account.used()
    with running(system, work) as started:
        assert isinstance(started, StartedJob)
        started.command.wait()
        started.check()
        with followed(system.server, started.flow_run) if is_followed else nullcontext():
            await_output(work.output, started)
            await_end(started)
    time.sleep(SETTLES)
    used = account.used() - before
    remove_jobs(system.server)
    return used


def measure(system: Batchpoint, work: Work, pairs: int) -> list[Pair]:
    """Jobs with and without somebody who follows, in turns, after one that brings files into the disk's cache."""
    cpu_seconds(system, work, is_followed=True)
    found = []
    for number in range(pairs):
        order = (True, False) if number % 2 else (False, True)
        seconds = {is_followed: cpu_seconds(system, work, is_followed=is_followed) for is_followed in order}
        found.append(Pair(followed=seconds[True], alone=seconds[False]))
    return found


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
    inputs = make_images(workspace.inputs, arguments.files)
    work = workspace.work(SCRIPT, inputs, files=arguments.files, mini_batch_size=MINI_BATCH_SIZE, processes=PROCESSES)
    with Server(workspace.home) as server:
        register(server, SCRIPT, workspace, PROCESSES)
        pairs = measure(Batchpoint(server, workspace.logs), work, arguments.pairs)
    result = Watching(machine=machine.describe(), files=arguments.files, pairs=pairs)
    title = f"CPU seconds of a job of {arguments.files} images, followed in a terminal and not"
    console.print(table.on_terminal(title, rows(pairs)))
    kept = [
        keep(result, arguments.results / "watching.json"),
        keep(table.on_page(title, rows(pairs)), arguments.results / "watching.md"),
    ]
    console.print("kept:", *kept)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000, help="images to score (%(default)s)")
    parser.add_argument("--pairs", type=int, default=PAIRS, help="jobs with and without (%(default)s)")
    options.add_folders(parser)
    return parser.parse_args()


if __name__ == "__main__":
    main()
