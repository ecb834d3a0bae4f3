"""`make bench-profile`: where server and flow spend their time while one job of 10,000 images runs, by py-spy."""

import argparse
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks import options, table
from benchmarks.compare import CASES, PROCESSES
from benchmarks.images import make_images
from benchmarks.measure import await_end, await_output, clear, running
from benchmarks.server import Server
from benchmarks.systems.batchpoint import Batchpoint, StartedJob, register
from benchmarks.work import Work
from benchmarks.workspace import Workspace

PY_SPY = Path(sys.executable).with_name("py-spy")
RATE = 100
"""Samples a second."""
SHOWN = 10
NUMBERS = re.compile(r"\d+")


@dataclass(frozen=True)
class Stack:
    """A stack that was seen in so many samples: its thread's name, and its frames as "function (file:line)"."""

    thread: str
    frames: tuple[str, ...]
    samples: int


def stacks(raw: str) -> Iterator[Stack]:
    """Read py-spy's raw format: on each line a thread and its frames, outermost first, and a count."""
    for line in raw.splitlines():
        text, _, samples = line.rpartition(" ")
        thread, *frames = text.split(";")
        # "thread (4711): Dask-Worker_3" and "thread (4712): Dask-Worker_4" do the same work
        yield Stack(NUMBERS.sub("", thread.partition(": ")[2]) or "unnamed", tuple(frames), int(samples))


def by_thread(found: list[Stack]) -> Counter[str]:
    """Samples in which threads were busy, by the threads' name."""
    counts: Counter[str] = Counter()
    for stack in found:
        counts[stack.thread] += stack.samples
    return counts


def by_package(found: list[Stack], thread: str) -> Counter[str]:
    """Samples of one kind of thread, by the package of the innermost frame that is no part of Python's own library."""
    counts: Counter[str] = Counter()
    for stack in found:
        if stack.thread == thread:
            counts[_package(stack)] += stack.samples
    return counts


def _package(stack: Stack) -> str:
    files = (frame.rpartition("(")[2] for frame in reversed(stack.frames))
    return next((file.split("/")[0] for file in files if "/" in file and not file.startswith("asyncio")), "python")


def tables(name: str, raw: str) -> Iterator[tuple[str, table.Rows]]:
    """For each kind of thread that was busy for a tenth of a second or more, what it was busy with."""
    found = list(stacks(raw))
    for thread, samples in by_thread(found).most_common():
        if samples >= RATE / 10:
            packages = by_package(found, thread).most_common(SHOWN)
            rows = [{"package": package, "seconds": f"{count / RATE:.2f}"} for package, count in packages]
            yield f"{name}, {thread}: {samples / RATE:.1f} s", rows


@contextmanager
def sampled(process: psutil.Process, file: Path) -> Iterator[None]:
    """Sample a process until it ends, or until the end of this.

    Only threads that hold the GIL count: which ones wait cannot be told from outside everywhere.
    """
    arguments = ["--pid", str(process.pid), "--output", str(file), "--rate", str(RATE), "--threads", "--gil"]
    with file.with_suffix(".log").open("wb") as log:
        spy = subprocess.Popen([PY_SPY, "record", "--format", "raw", *arguments], stdout=log, stderr=log)
    try:
        yield
    finally:
        if spy.poll() is None:
            spy.send_signal(signal.SIGINT)
        spy.wait()


def flow_of(job: StartedJob) -> psutil.Process:
    """The flow's process, as soon as it has started a scoring process."""
    while True:
        for process in job.roles().get("scoring", ()):
            parent = process.parent()
            if parent is not None and any("guardian" in word for word in process.cmdline()):
                return parent
        job.check()
        time.sleep(0.02)


def profile(server: Server, work: Work, workspace: Workspace) -> dict[str, str]:
    """Run one job, sampled; py-spy's raw output by process."""
    files = {name: workspace.logs / f"{name}.raw" for name in ("server", "flow")}
    system = Batchpoint(server, workspace.logs)
    clear(work)
    with ExitStack() as spies:
        spies.enter_context(sampled(server.processes["server"], files["server"]))
        started = spies.enter_context(running(system, work))
        assert isinstance(started, StartedJob)
        spies.enter_context(sampled(flow_of(started), files["flow"]))
        await_output(work.output, started)
        await_end(started)
    return {name: file.read_text() for name, file in files.items()}


def main() -> None:
    """Sample, show, keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000, help="images to score (%(default)s)")
    options.add_folders(parser)
    arguments = parser.parse_args()
    console = options.wide_console()
    workspace = Workspace.make(arguments.workspace)
    inputs = make_images(workspace.inputs, arguments.files)
    case = CASES[0]
    work = workspace.work(
        case.script, inputs, files=arguments.files, mini_batch_size=case.mini_batch_size, processes=PROCESSES
    )
    with Server(workspace.home) as server:
        register(server, case.script, workspace, PROCESSES)
        for name, raw in profile(server, work, workspace).items():
            for title, rows in tables(name, raw):
                console.print(table.on_terminal(title, rows))
    console.print("stacks:", *workspace.logs.glob("*.raw"))


if __name__ == "__main__":
    main()
