"""A fork server without Prefect: `fork_server.py FOLDER CODE_IS_OLD`. What its forks do is in what they are asked."""

import os
import signal
import sys
from pathlib import Path

from deployments.embedded.forks.identity import modified
from deployments.embedded.forks.programs import take_place
from deployments.embedded.forks.server import ForkServer


def program(asked: dict[str, object]) -> int:
    take_place(asked)
    mark = Path(str(asked["mark"]), f"began-{os.getpid()}")
    if asked["do"] == "wait":
        try:
            mark.touch()
            while True:
                signal.pause()
        except KeyboardInterrupt:
            print("interrupted", flush=True)
            return 130
    mark.touch()
    print(f"in {Path.cwd()} with {os.environ['COLOUR']}, told {sys.stdin.readline().strip()}")
    return 3


if __name__ == "__main__":
    server = ForkServer(Path(sys.argv[1]) / "socket", program, 0.0 if sys.argv[2] == "True" else modified())
    print("listens", flush=True)
    server.serve()
