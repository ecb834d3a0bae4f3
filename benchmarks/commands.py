"""What a command costs that needs no server: seconds of CPU, from the start of its process to its end."""

import argparse
import os
import subprocess
import tempfile
from pathlib import Path
from statistics import median

from benchmarks import machine, options, table
from benchmarks.results import Command, Commands, keep
from benchmarks.server import COMMAND

TYPED = (
    "--help",
    "batch-endpoint invoke --help",
    "schema batch-deployment",
    "batch-deployment create --file missing.yml",
    "batch-deployment create --file wrong.yml",
)
WRONG = "name: x\nendpoint_name: mnist\nsettings: {mini_batch_size: none}\n"


def cpu_seconds(typed: str, folder: Path) -> float:
    """What one run of a command takes of all cores together; no server is there to fork it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    process = subprocess.Popen(
        [COMMAND, *typed.split()],
        cwd=folder,
        env={**kept, "BATCHPOINT_HOME": str(folder / "home")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0  # waited for
    return usage.ru_utime + usage.ru_stime


def measure(repeats: int) -> list[Command]:
    """Each command so often, in turns, after one run that brings its files into the disk's cache."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "wrong.yml").write_text(WRONG)
        turns = [[cpu_seconds(typed, folder) for typed in TYPED] for _ in range(repeats + 1)][1:]
    found = zip(TYPED, zip(*turns, strict=True), strict=True)
    return [Command(typed=typed, seconds=list(seconds)) for typed, seconds in found]


def main() -> None:
    """Measure, show, keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5, help="runs of each (%(default)s)")
    options.add_folders(parser)
    arguments = parser.parse_args()
    console = options.wide_console()
    result = Commands(machine=machine.describe(), commands=measure(arguments.repeats))
    title = "Commands that need no server, seconds of CPU"
    rows = [{"batchpoint": one.typed, "median": f"{median(one.seconds):.2f}"} for one in result.commands]
    console.print(table.on_terminal(title, rows))
    kept = [
        keep(result, arguments.results / "commands.json"),
        keep(table.on_page(title, rows), arguments.results / "commands.md"),
    ]
    console.print("kept:", *kept)


if __name__ == "__main__":
    main()
