"""What the embedded server's processes run: `python -m deployments.embedded.program ROLE TOKEN`.

The token only tells the process from others in a list of processes.
"""

import signal
import sys

from deployments.embedded.home import Home, home
from deployments.embedded.revival import watch


def main(role: str) -> None:
    """Run the server or the worker until it is told to end.

    A shell starts background commands with SIGINT ignored, and a process that inherits that never ends on SIGTERM,
    which Prefect's programs turn into SIGINT: both signals begin at their defaults.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if role == "server":
        watch(Home(home()))
        from deployments.embedded import server

        server.run()
    elif role == "worker":
        from deployments.embedded import worker

        worker.run()
    else:
        sys.exit(f"{role!r} is not a role; use server or worker")


if __name__ == "__main__":
    main(sys.argv[1])
