"""Where `batchpoint` begins: in a fork of the embedded server's, where there is one, and else in this process."""

import os
import sys
import time
from typing import NoReturn

from deployments.embedded.forks import identity, launcher
from deployments.embedded.home import Home
from deployments.embedded.told import told_elsewhere
from scoring.home import home_path

ABOUT_THE_SERVER = {"up", "down", "status", "env", "demo", "gateway"}
IN_THE_FOREGROUND = ["job", "replay"]
"""Runs the user's own script in the terminal, where a debugger and Ctrl-C must find it."""


def main() -> NoReturn:
    """Run the command line with this process's arguments."""
    arguments = sys.argv[1:]
    os.environ["BATCHPOINT_BEGAN"] = str(time.time())  # a job tells what sending it took
    if can_be_forked(arguments) and (socket := identity.find(Home(home_path()).forks)):
        launcher.hand_over(socket, {"arguments": arguments, "umask": umask()})
    from deployments.cli.main import run

    run(arguments)


def can_be_forked(arguments: list[str]) -> bool:
    """Whether the embedded server would be used; a traceback is that of a plain process."""
    is_apart = ABOUT_THE_SERVER.intersection(arguments[:1]) or arguments[:2] == IN_THE_FOREGROUND
    return not (is_apart or "--debug" in arguments or told_elsewhere())


def umask() -> int:
    """The umask of this process, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
