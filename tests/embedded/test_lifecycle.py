"""The embedded server as commands meet it: started once, found again, watched, and stopped without a trace."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.schedules import CronSchedule

from deployments.embedded import ServerError, connect, keeper, state
from deployments.embedded.forks.identity import identity
from deployments.embedded.home import Home
from deployments.embedded.state import State
from tests.process_table import listening, nothing_left, processes_of, programs_of, wait_until

pytestmark = [pytest.mark.server, pytest.mark.slow]

CONNECT = "from deployments.embedded import connect; print(connect().api_url)"


def command(code: str = CONNECT) -> "subprocess.Popen[str]":
    """A process of its own, as any command is."""
    return subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


@pytest.fixture(scope="module")
def started(module_home: Home) -> tuple[Home, State, list[str]]:
    """A server that two commands raced to start, and what they printed on stderr."""
    racers = [command(), command()]
    said = [racer.communicate(timeout=120) for racer in racers]
    assert [racer.returncode for racer in racers] == [0, 0], said
    assert said[0][0] == said[1][0]
    now = state.read(module_home)
    assert now is not None
    return module_home, now, [stderr for _, stderr in said]


def test_two_commands_that_race_end_with_one_server_and_one_worker(started: tuple[Home, State, list[str]]) -> None:
    home, now, said = started
    assert now.worker is not None
    assert {process.pid for process in programs_of(home)} == {now.server.pid, now.worker.pid}
    assert sorted(said) == ["", f"started a Prefect server at {now.url}; `batchpoint down` stops it\n"]


def test_the_next_command_finds_it_says_nothing_and_imports_no_prefect(started: tuple[Home, State, list[str]]) -> None:
    _, now, _ = started
    stdout, stderr = command(f"{CONNECT}; import sys; print('prefect' in sys.modules)").communicate(timeout=30)
    assert stdout.split() == [now.api_url, "False"]
    assert stderr == ""


def test_the_address_that_env_prints_means_the_embedded_server(
    started: tuple[Home, State, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, now, _ = started
    monkeypatch.setenv("PREFECT_API_URL", now.api_url)
    assert connect().embedded


COMMANDS = [
    ("job", "list"),
    ("datastore", "list", "--output", "table"),
    ("job", "show", "--name", "nothing"),
    ("batch-endpoint", "invoke", "--name", "nothing"),
    ("compute", "delete", "--name", "nothing"),
    ("batch-endpoint", "--help"),
    ("mist",),
]


def batchpoint(
    *arguments: str, by_itself: bool = False, options: tuple[str, ...] = ()
) -> "subprocess.CompletedProcess[str]":
    """A command as typed. A Python whose imports are told of other things than the fork server's runs it by itself."""
    other = {"DASK_OTHER_THAN_THE_WORKERS": "1"} if by_itself else {}
    line = [sys.executable, *options, "-c", "from deployments.cli import main; main()", *arguments]
    return subprocess.run(
        line, stdin=subprocess.DEVNULL, capture_output=True, text=True, env={**os.environ, **other}, timeout=60
    )


@pytest.fixture
def forking(started: tuple[Home, State, list[str]]) -> Home:
    """The home, once a fork server stands ready for commands."""
    home, _, _ = started
    connect(announce=lambda line: None)
    wait_until(home.forks.exists, seconds=120)
    # A fork is declined for a difference here; which one, an assertion tells and a missing fork does not.
    assert json.loads(home.forks.read_text())["identity"] == identity()
    return home


def test_a_command_is_forked_and_so_imports_next_to_nothing(forking: Home) -> None:
    def imported(by_itself: bool) -> str:
        return batchpoint("job", "list", by_itself=by_itself, options=("-X", "importtime")).stderr

    assert "click" in imported(by_itself=True)
    wait_until(lambda: "click" not in imported(by_itself=False))


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_command_that_is_forked_prints_the_same_bytes(forking: Home, arguments: tuple[str, ...]) -> None:
    forked, alone = batchpoint(*arguments), batchpoint(*arguments, by_itself=True)
    assert (forked.stdout, forked.stderr, forked.returncode) == (alone.stdout, alone.stderr, alone.returncode)


def test_a_forked_command_asks_on_the_terminal(forking: Home) -> None:
    ours, theirs = os.openpty()
    line = [sys.executable, "-c", "from deployments.cli import main; main()", "compute", "delete", "--name", "nothing"]
    asking = subprocess.Popen(line, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    said = b""
    while not said.endswith(b"[y/N]: "):
        said += os.read(ours, 1024)
    os.write(ours, b"n\n")
    assert asking.wait(timeout=30) == 1
    assert os.read(ours, 1024).endswith(b"Aborted!\r\n")
    os.close(ours)


def test_it_listens_on_loopback_only(started: tuple[Home, State, list[str]]) -> None:
    home, _, _ = started
    assert listening(processes_of(home)) == {"127.0.0.1"}


def test_a_foreign_web_page_may_not_talk_to_it_and_its_own_may(started: tuple[Home, State, list[str]]) -> None:
    _, now, _ = started

    def preflight(origin: str) -> tuple[int, str | None]:
        connection = http.client.HTTPConnection("127.0.0.1", now.port, timeout=10)
        headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        connection.request("OPTIONS", "/api/flow_runs/", headers=headers)
        answer = connection.getresponse()
        connection.close()
        return answer.status, answer.getheader("access-control-allow-origin")

    assert preflight("http://evil.example") == (400, None)
    assert preflight(now.url) == (200, now.url)


def test_the_users_own_prefect_home_is_not_touched(started: tuple[Home, State, list[str]]) -> None:
    home, _, _ = started
    assert (home.prefect / "prefect.db").exists()
    for process in processes_of(home):
        assert process.environ()["PREFECT_HOME"] == str(home.prefect)
        assert [file.path for file in process.open_files() if "/.prefect/" in file.path] == []


def test_signals_are_at_their_defaults(started: tuple[Home, State, list[str]]) -> None:
    """Prefect's programs end on SIGTERM by way of SIGINT, which must not be ignored, whoever started them."""
    _, now, _ = started
    assert now.worker is not None
    if not Path("/proc").exists():
        pytest.skip("reads /proc")
    for pid in (now.server.pid, now.worker.pid):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        ignored = next(int(line.split()[1], 16) for line in lines if line.startswith("SigIgn"))
        assert not ignored & (1 << (signal.SIGINT - 1))
        assert not ignored & (1 << (signal.SIGTERM - 1))


def test_a_dead_worker_is_started_again_beside_the_same_server(started: tuple[Home, State, list[str]]) -> None:
    home, now, _ = started
    assert now.worker is not None
    os.kill(now.worker.pid, signal.SIGKILL)
    wait_until(lambda: now.worker is not None and not now.worker.is_alive)
    said: list[str] = []
    connect(announce=said.append)
    after = state.read(home)
    assert after is not None
    assert after.server == now.server
    assert after.worker != now.worker
    # The server looks after its worker as well, each 20 s, and may have come first.
    assert said in ([f"started the worker of the Prefect server at {now.url} again"], [])


def test_a_killed_server_is_started_again_at_the_same_address_and_its_worker_stays(
    started: tuple[Home, State, list[str]],
) -> None:
    home, _, _ = started
    connect()
    now = state.read(home)
    assert now is not None
    os.kill(now.server.pid, signal.SIGKILL)
    wait_until(lambda: not now.server.is_alive)
    said: list[str] = []
    connect(announce=said.append)
    after = state.read(home)
    assert after is not None
    assert (after.port, after.worker) == (now.port, now.worker)
    assert said == [f"started a Prefect server at {now.url}; `batchpoint down` stops it"]


def test_down_leaves_nothing_running_and_the_next_start_has_the_same_data(
    started: tuple[Home, State, list[str]],
) -> None:
    home, _, _ = started
    connect()
    wait_until(home.forks.exists)
    line = [sys.executable, "-c", "from deployments.cli import main; main()", "compute", "delete", "--name", "nothing"]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as asking:
        assert asking.stderr is not None
        assert asking.stderr.read(6) == "Delete"
        assert keeper.stop(home) is not None
        assert asking.communicate("n\n", timeout=30)[1].endswith("Aborted!\n")  # it ran on, forked as it was
    assert nothing_left(home)
    assert keeper.stop(home) is None
    assert not keeper.status(home).is_running


def test_a_port_that_is_taken_is_left_to_its_owner(own_home: Home) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        own_home.port.write_text(str(taken))
        connection = connect(announce=lambda line: None)
        assert f":{taken}/" not in connection.api_url
        assert keeper.status(own_home).is_running


def test_a_server_that_ends_while_it_starts_is_explained_by_its_log(own_home: Home) -> None:
    (own_home.prefect / "prefect.db").write_text("this is no database")
    with pytest.raises(ServerError, match="server ended while it started") as caught:
        connect(announce=lambda line: None)
    assert "file is not a database" in str(caught.value)
    assert str(own_home.log("server")) in str(caught.value)
    assert nothing_left(own_home)


def test_unused_it_ends_itself(own_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BATCHPOINT_IDLE_SECONDS", "5")
    connect(announce=lambda line: None)
    assert len(programs_of(own_home)) == 2
    wait_until(lambda: processes_of(own_home) == [], 60)
    assert state.read(own_home) is None
    assert "Traceback" not in own_home.log("worker").read_text()


def test_a_schedule_keeps_an_unused_server(own_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = 3
    monkeypatch.setenv("BATCHPOINT_IDLE_SECONDS", str(limit))
    connect(announce=lambda line: None)
    with get_client(sync_client=True) as client:
        nightly = DeploymentScheduleCreate(schedule=CronSchedule(cron="0 3 * * *"))
        flow = client.create_flow_from_name("nightly")
        deployment = client.create_deployment(flow_id=flow, name="nightly", schedules=[nightly])
    time.sleep(4 * limit)
    assert keeper.status(own_home).is_running
    with get_client(sync_client=True) as client:
        client.delete_deployment(deployment)
    wait_until(lambda: state.read(own_home) is None, 60)


def test_up_keeps_an_unused_server_and_stops_it_on_sigterm(own_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BATCHPOINT_IDLE_SECONDS", "0.5")
    up = command(
        "import sys; from deployments.embedded import keeper; from deployments.embedded.home import Home, home; "
        "keeper.keep(Home(home()), lambda line: print(line, flush=True))"
    )
    assert up.stdout is not None
    assert "started a Prefect server" in up.stdout.readline()
    assert "runs until Ctrl-C" in up.stdout.readline()
    now = state.read(own_home)
    assert now is not None
    assert now.worker is not None
    os.kill(now.worker.pid, signal.SIGKILL)
    # By the keeper, which says so, or by the server, which looks each 20 s.
    wait_until(lambda: (again := state.read(own_home)) is not None and again.worker not in (None, now.worker))
    wait_until(lambda: keeper.status(own_home).is_running)
    assert keeper.status(own_home).is_kept
    up.terminate()
    stdout, stderr = up.communicate(timeout=40)
    assert (up.returncode, stderr) == (0, "")
    assert "stopping the Prefect server" in stdout
    assert nothing_left(own_home)


def test_a_worker_that_cannot_start_is_explained_by_its_log_and_leaves_no_server(
    own_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BATCHPOINT_JOBS", "many")
    with pytest.raises(ServerError, match="BATCHPOINT_JOBS='many' is not a number of jobs"):
        connect(announce=lambda line: None)
    assert nothing_left(own_home)


def test_a_start_that_nobody_saw_through_is_joined_not_doubled(own_home: Home) -> None:
    first = command()
    wait_until(own_home.state.exists)
    first.kill()
    first.communicate()
    connect(announce=lambda line: None)
    assert len(programs_of(own_home)) == 2
