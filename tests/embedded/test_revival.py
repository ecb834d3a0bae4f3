"""A worker that was killed is started again by its server, when no command comes that would do it."""

import os
import signal

import pytest

from deployments.embedded import connect, keeper, launch, state
from deployments.embedded.home import Home
from deployments.embedded.revival import look
from tests.process_table import wait_until

pytestmark = [pytest.mark.server, pytest.mark.slow]


def test_the_server_starts_its_killed_worker_again_and_leaves_alone_what_others_see_to(own_home: Home) -> None:
    connect(announce=lambda line: None)
    now = state.read(own_home)
    assert now is not None
    assert now.worker is not None
    assert not look(own_home, now.server.pid)
    os.kill(now.worker.pid, signal.SIGKILL)
    wait_until(lambda: now.worker is not None and not now.worker.is_alive)
    assert not look(own_home, os.getpid()), "it is another server's worker"
    with launch.lock(own_home):
        assert not look(own_home, now.server.pid), "a command is at it"
    # The server itself looks each 20 s, and may be at it.
    wait_until(lambda: look(own_home, now.server.pid) or keeper.status(own_home).worker_alive)
    assert keeper.status(own_home).is_running
    keeper.stop(own_home)
    assert not look(own_home, now.server.pid), "it was stopped on purpose"
