"""What an environment of its own costs: to build one, and to start a scoring process in it once it is there."""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks import machine, options, table
from benchmarks.results import Environments, keep
from scoring.environments.recipe import Recipe
from scoring.environments.use import Use
from scoring.launch import Launch
from scoring.process import ScoringProcess

SCRIPTS = Path(__file__).parent / "scripts"
LISTED = Recipe(pip=("pip",))
"""The smallest that is built: a venv, and pip finds that it has all that is listed."""


def start(recipe: Recipe, scratch: str) -> float:
    """Seconds from asking for an environment that is there to a scoring process whose init() has returned."""
    began = time.perf_counter()
    with Use.open(recipe, "the environment") as use:
        launch = Launch(python=use.python, script=str(SCRIPTS / "noop.py"), code=str(SCRIPTS), layout="csv")
        process = ScoringProcess(launch, scratch)
        process.wait_ready()
        seconds = time.perf_counter() - began
    process.kill()
    process.release()
    return seconds


def measure(pairs: int) -> Environments:
    """Build once, then start in turns under our own interpreter and in the environment, after one start of each."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["BATCHPOINT_HOME"] = folder
        began = time.perf_counter()
        Use.open(LISTED, "the environment").close()
        build = time.perf_counter() - began
        turns = [(start(Recipe(python=sys.executable), folder), start(LISTED, folder)) for _ in range(pairs + 1)][1:]
    own, apart = zip(*turns, strict=True)
    return Environments(machine=machine.describe(), build=build, own=list(own), apart=list(apart))


def main() -> None:
    """Measure, show, keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=10, help="starts of each kind (%(default)s)")
    options.add_folders(parser)
    arguments = parser.parse_args()
    console = options.wide_console()
    result = measure(arguments.pairs)
    added = median(apart - own for own, apart in zip(result.own, result.apart, strict=True))
    figures = {
        "build, once": result.build,
        "start under Batchpoint's interpreter": median(result.own),
        "start in the environment": median(result.apart),
        "what that adds, median of pairs": added,
    }
    title = "An environment of its own, seconds"
    rows = [{"": name, "seconds": f"{seconds:.3f}"} for name, seconds in figures.items()]
    console.print(table.on_terminal(title, rows))
    kept = [
        keep(result, arguments.results / "environments.json"),
        keep(table.on_page(title, rows), arguments.results / "environments.md"),
    ]
    console.print("kept:", *kept)


if __name__ == "__main__":
    main()
