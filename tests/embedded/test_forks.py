"""A fork is its client in everything that others see: what it prints and reads, its signals, its end."""

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.process_table import is_live, wait_until

CLIENT = """
import sys
from deployments.embedded.forks import launcher
launcher.PATIENCE = float(sys.argv[4])
launcher.hand_over(sys.argv[1], {"do": sys.argv[2], "mark": sys.argv[3]})
print("by itself")
"""


@dataclass(frozen=True)
class Forks:
    """A fork server, and clients of it."""

    server: "subprocess.Popen[str]"
    folder: Path
    mark: Path

    def client(self, do: str, patience: float = 30, **options: object) -> "subprocess.Popen[str]":
        arguments = [str(self.folder / "socket"), do, str(self.mark), str(patience)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen([sys.executable, "-c", CLIENT, *arguments], text=True, **{**pipes, **options})

    def waiting(self) -> "tuple[subprocess.Popen[str], int]":
        """A client whose fork goes on until it is ended, and the fork's process id."""
        client = self.client("wait")
        wait_until(lambda: len(list(self.mark.iterdir())) == 1)
        (mark,) = self.mark.iterdir()
        return client, int(mark.name.removeprefix("began-"))

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.server.pid).children()


def answers(path: Path) -> bool:
    """Whether somebody listens on a socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        return connection.connect_ex(str(path)) == 0


@pytest.fixture
def code_is_old() -> bool:
    return False


@pytest.fixture
def forks(tmp_path: Path, code_is_old: bool) -> Iterator[Forks]:
    program = [sys.executable, str(Path(__file__).with_name("fork_server.py"))]
    with tempfile.TemporaryDirectory() as folder:  # a socket's path is short
        arguments = [*program, folder, str(code_is_old)]
        with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            assert server.stdout.readline() == "listens\n"
            yield Forks(server, Path(folder), tmp_path)
            server.send_signal(signal.SIGCONT)
            server.kill()


def test_a_fork_reads_prints_and_exits_in_its_clients_place(forks: Forks, tmp_path: Path) -> None:
    client = forks.client("print", cwd=tmp_path, env={**os.environ, "COLOUR": "green"})
    assert client.communicate("all\n", timeout=30) == (f"in {tmp_path} with green, told all\n", "")
    assert client.returncode == 3


@pytest.mark.parametrize(("number", "ends_with"), [(signal.SIGTERM, -signal.SIGTERM), (signal.SIGINT, 130)])
def test_a_signal_to_the_client_is_the_forks(forks: Forks, number: signal.Signals, ends_with: int) -> None:
    client, fork = forks.waiting()
    client.send_signal(number)
    client.communicate(timeout=30)
    assert client.returncode == ends_with
    assert not is_live(fork)


def test_what_a_client_ignores_its_fork_is_not_told(forks: Forks) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        client, _ = forks.waiting()
    finally:
        signal.signal(signal.SIGINT, before)
    client.send_signal(signal.SIGINT)
    client.send_signal(signal.SIGTERM)
    assert client.communicate(timeout=30)[0] == ""
    assert client.returncode == -signal.SIGTERM


def test_a_client_that_is_stopped_and_goes_on_takes_its_fork_along(forks: Forks) -> None:
    client, fork = forks.waiting()
    both = [psutil.Process(client.pid), psutil.Process(fork)]
    client.send_signal(signal.SIGTSTP)
    wait_until(lambda: all(process.status() == psutil.STATUS_STOPPED for process in both))
    client.send_signal(signal.SIGCONT)
    wait_until(lambda: all(process.status() == psutil.STATUS_SLEEPING for process in both))
    client.terminate()
    client.communicate(timeout=30)


def test_a_killed_client_takes_its_fork_with_it_and_leaves_no_zombie(forks: Forks) -> None:
    client, fork = forks.waiting()
    client.kill()
    client.communicate()
    wait_until(lambda: not psutil.pid_exists(fork))
    assert forks.children() == []


def test_a_client_whose_fork_is_killed_ends_as_if_killed_itself(forks: Forks) -> None:
    client, fork = forks.waiting()
    os.kill(fork, signal.SIGKILL)
    client.communicate(timeout=30)
    assert client.returncode == -signal.SIGKILL


def test_a_client_whose_fork_server_is_killed_says_so_and_ends_its_fork(forks: Forks) -> None:
    client, fork = forks.waiting()
    forks.server.kill()
    stderr = client.communicate(timeout=30)[1]
    assert (client.returncode, stderr) == (1, "the fork server is gone, and what it had forked was ended\n")
    wait_until(lambda: not is_live(fork))


def test_a_client_that_is_slow_to_ask_holds_up_nobody(forks: Forks) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as slow:
        slow.connect(str(forks.folder / "socket"))
        slow.sendall(b"\0\0")
        client, _ = forks.waiting()
        client.terminate()
        client.communicate(timeout=30)


def test_a_client_that_gave_up_waiting_does_the_work_and_its_fork_does_not(forks: Forks) -> None:
    forks.server.send_signal(signal.SIGSTOP)
    client = forks.client("wait", patience=1)
    assert client.wait(timeout=30) == 0
    forks.server.send_signal(signal.SIGCONT)
    assert client.communicate(timeout=30) == ("by itself\n", "")
    after = forks.client("print", env={**os.environ, "COLOUR": "green"})  # served after the one that gave up
    after.communicate("all\n", timeout=30)
    assert after.returncode == 3
    assert len(list(forks.mark.iterdir())) == 1


@pytest.mark.parametrize("code_is_old", [True])
def test_a_client_does_the_work_itself_when_the_code_on_disk_is_not_what_was_imported(forks: Forks) -> None:
    assert forks.client("wait").communicate(timeout=30) == ("by itself\n", "")


def test_without_a_fork_server_a_client_does_the_work_itself(forks: Forks) -> None:
    forks.server.kill()
    forks.server.wait()
    assert forks.client("wait").communicate(timeout=30) == ("by itself\n", "")


def test_a_fork_server_that_is_to_end_stays_for_what_it_forked_and_forks_no_more(forks: Forks) -> None:
    client, fork = forks.waiting()
    assert forks.server.stdin is not None
    forks.server.stdin.close()
    wait_until(lambda: not answers(forks.folder / "socket"))
    assert forks.client("wait").communicate(timeout=30) == ("by itself\n", "")
    assert is_live(fork)
    client.terminate()
    client.communicate(timeout=30)
    assert forks.server.wait(timeout=30) == 0


def test_a_fork_server_that_is_to_end_as_somebody_comes_leaves_what_it_forked_alone(forks: Forks) -> None:
    client, fork = forks.waiting()
    assert forks.server.stdin is not None
    forks.server.send_signal(signal.SIGSTOP)
    wait_until(lambda: psutil.Process(forks.server.pid).status() == psutil.STATUS_STOPPED)
    late = forks.client("wait")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
        forks.server.stdin.close()
        other.connect(str(forks.folder / "socket"))
        forks.server.send_signal(signal.SIGCONT)  # finds both at once
        assert late.communicate(timeout=30) == ("by itself\n", "")
    assert is_live(fork)
    client.terminate()
    client.communicate(timeout=30)
    assert forks.server.wait(timeout=30) == 0


def test_every_module_that_a_fork_server_imports_beforehand_is_there() -> None:
    from deployments.embedded.forks.__main__ import FOR_COMMANDS, FOR_JOBS

    assert [name for name in (*FOR_JOBS, *FOR_COMMANDS) if importlib.util.find_spec(name) is None] == []
