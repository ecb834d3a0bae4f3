"""`make bench`: the same scoring script over the same files, through this system and through others."""

import argparse
from importlib.util import find_spec
from pathlib import Path

from rich.console import Console

from benchmarks import machine, options, table
from benchmarks.drawing import draw
from benchmarks.images import make_images
from benchmarks.results import Case, Comparison, keep
from benchmarks.rounds import Rounds
from benchmarks.server import Server
from benchmarks.systems.batchpoint import Batchpoint, register
from benchmarks.systems.peer_process import PeerProcess, ray_environment
from benchmarks.systems.system import System
from benchmarks.workspace import Workspace
from deployments.embedded.home import Home

CASES = (
    Case(script="batch_driver", mini_batch_size=10),
    Case(script="batch_driver", mini_batch_size=100),
    Case(script="noop", mini_batch_size=10),
)
QUICK = {"files": 200, "repeats": 0, "scripts": ["noop"], "idle": 1, "without": ["ray", "dask"]}
PROCESSES = 2


def all_systems(server: Server, folder: Path) -> list[System]:
    """What takes part, in the order of the tables."""
    return [
        PeerProcess("loop", "plain loop, one process", folder),
        PeerProcess("pool", "multiprocessing.Pool(2)", folder),
        Batchpoint(server, folder),
        PeerProcess("dask-grouped", "Dask, 25 mini-batches a task", folder),
        PeerProcess("dask", "Dask, a task per mini-batch", folder),
        PeerProcess("ray", "Ray Data, map_batches", folder, environment=ray_environment()),
        PeerProcess(
            "prefect-dask",
            "DaskTaskRunner as shipped",
            folder,
            most_mini_batches=100,
            environment=server.prefect_environment,
        ),
    ]


def main() -> None:
    """Measure, show, keep."""
    arguments = _arguments()
    console = options.wide_console()
    workspace = Workspace.make(arguments.workspace)
    inputs = make_images(workspace.inputs, arguments.files)
    cases = [case for case in CASES if case.script in arguments.scripts]
    with Server(Home(arguments.home) if arguments.home else workspace.home) as server:
        for script in arguments.scripts:
            register(server, script, workspace, PROCESSES)
        systems = [one for one in all_systems(server, workspace.logs) if one.name not in arguments.without]
        result = Comparison(
            machine=machine.describe(),
            files=arguments.files,
            processes=PROCESSES,
            servers_idle=server.idle_percent(arguments.idle),
            titles={system.name: system.title for system in systems},
        )
        Rounds(workspace, systems, inputs, result, console).run(cases, arguments.repeats)
    show(result, arguments.results, console)


def show(result: Comparison, folder: Path, console: Console) -> None:
    """Print the tables; keep them, the figures behind them, and a picture where matplotlib is installed."""
    tables = {f"{result.files:,} files, {case}": table.compare(result, case) for case in result.cases()}
    console.print(str(result.machine))
    for title, rows in tables.items():
        console.print(table.on_terminal(title, rows))
    pages = [table.on_page(title, rows) for title, rows in tables.items()]
    kept = [keep(result, folder / "compare.json"), keep("\n".join(pages), folder / "compare.md")]
    if find_spec("matplotlib"):
        kept.append(draw(result, result.cases()[0], folder / "compare.png"))
    console.print("kept:", *kept)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="see that it works: 200 files, the noop script, one round")
    parser.add_argument("--files", type=int, default=10_000, help="images to score (%(default)s)")
    parser.add_argument("--repeats", type=int, default=5, help="timed runs of each system (%(default)s)")
    parser.add_argument("--scripts", nargs="+", default=["batch_driver", "noop"], help="which scripts (%(default)s)")
    parser.add_argument("--without", nargs="+", default=[], help="systems to leave out, by name")
    parser.add_argument("--idle", type=int, default=10, help="seconds to watch the idle server (%(default)s)")
    parser.add_argument("--home", type=Path, help="BATCHPOINT_HOME of a running server to use (one of its own)")
    options.add_folders(parser)
    arguments = parser.parse_args()
    if arguments.quick:
        parser.set_defaults(**QUICK)
        arguments = parser.parse_args()
    return arguments


if __name__ == "__main__":
    main()
