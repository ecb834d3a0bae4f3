"""What a fork runs in its client's place: a flow run, or a command."""

import os
import runpy
import sys
import time

from deployments.embedded import prefect_settings

SEND_SECONDS = 3.0


def run_flow(asked: dict[str, object]) -> int:
    """Run the flow run that the environment names, as `python -m prefect.engine` would; the exit code."""
    take_place(asked)
    prefect_settings.read_again(logs=True)  # the flow run's environment may name other levels and loggers than ours
    sys.modules.pop("prefect.engine", None)
    sys.argv = ["prefect.engine"]
    try:
        runpy.run_module("prefect.engine", run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        return exit_code(ended)
    except BaseException:  # noqa: BLE001 - what a new Python would print before it exits with 1
        sys.excepthook(*sys.exc_info())
        return 1
    finally:
        from flows.logs import send_logs  # imports Prefect

        # What was said since the flow's end, or by a flow that failed at once; an interpreter that ends would wait for
        # all threads, that of a job that was canceled among them, which waits for instances.
        send_logs(SEND_SECONDS)
    return 0


def run_command(asked: dict[str, object]) -> int:
    """Run `batchpoint` with the arguments that were asked; the exit code."""
    take_place(asked)
    arguments = asked["arguments"]
    assert isinstance(arguments, list)
    from deployments.cli.main import run

    try:
        run(arguments)
    except SystemExit as ended:
        return exit_code(ended)
    return 0


def take_place(asked: dict[str, object]) -> None:
    """Take over a client's environment and folder, and print as a process with its descriptors does."""
    environment, folder = asked["environment"], asked["folder"]
    assert isinstance(environment, dict)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(str(folder))
    if isinstance(mask := asked.get("umask"), int):
        os.umask(mask)
    sys.stdout.reconfigure(line_buffering=sys.stdout.isatty())  # type: ignore[union-attr]


def exit_code(ended: SystemExit) -> int:
    """The exit code of a process that ends so."""
    return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
