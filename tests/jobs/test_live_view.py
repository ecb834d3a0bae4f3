"""What a terminal shows while a job is followed, drawn by an emulator from what a pseudo-terminal was sent."""

import fcntl
import logging
import os
import pty
import signal
import struct
import sys
import termios
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import pyte
import pytest
from rich.console import Console

from deployments.live_view import LiveView
from deployments.service.job_log import Line
from deployments.service.job_records import CreationContext, Job, Link
from deployments.service.streaming import Progress
from flows.standing import Standing
from scoring.ledger import Cause
from scoring.slot_states import SlotState

BIDI = "\N{RIGHT-TO-LEFT OVERRIDE}"


def job(status: str = "Running") -> Job:
    return Job(
        name="friday",
        id=UUID("00000000-0000-4000-8000-000000000001"),
        display_name="friday",
        status=status,
        state=status,
        state_message=None,
        endpoint_name="mnist",
        deployment_name="torch",
        input="/data",
        output="/out",
        creation_context=CreationContext(created_at=None),
        start_time=datetime.now(UTC),
        end_time=None,
        services={"Studio": Link(endpoint="http://here/run")},
    )


def standing(done: int = 110, slots: int = 2, **known: object) -> Progress:
    now = time.time()
    states = [SlotState(slot, "scoring", now - 3 - slot, 10 + slot) for slot in range(slots)]
    base = Standing(files=200, done=done, failed=0, per_second=40.0, left=83.0, at=now, slots=slots)
    whole = Standing(**{**vars(base), **base.with_slots(states), **known})
    # As it travels.
    told = Standing.from_metadata(whole.as_metadata())
    assert told is not None
    return Progress(whole.percent, whole.text, told)


CAUSES = (
    Cause(error="ValueError", where="score.py:31", message=f"no\x1b[2J {BIDI}number", files=731, first="a/b.png"),
    Cause(error="timeout", where="score.py:40", message="run() took longer than 30 s", files=3, first="d.png"),
)


class Terminal:
    """A pseudo-terminal, and the screen of an emulator that reads what it is sent."""

    def __init__(self, columns: int, lines: int) -> None:
        self.screen = pyte.HistoryScreen(columns, lines, history=1000)
        self.sent = b""
        self._stream = pyte.ByteStream(self.screen)
        self._ours, self.theirs = pty.openpty()
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while data := self._more():
            self._stream.feed(data)
            self.sent += data

    def _more(self) -> bytes:
        try:
            return os.read(self._ours, 65536)
        except OSError:  # Linux says so when nobody has the other end
            return b""

    def close(self) -> list[str]:
        """The lines of the screen once all is read."""
        os.close(self.theirs)
        self._reader.join(10)
        os.close(self._ours)
        return self.lines

    @property
    def lines(self) -> list[str]:
        return [line.rstrip() for line in self.screen.display]


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, int], Terminal]:
    for name in ("NO_COLOR", "COLUMNS", "LINES", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    return Terminal


def drawn(terminal: Terminal, *news: Line | Progress | Job | str) -> list[str]:
    """The screen while the view is on it."""
    with os.fdopen(os.dup(terminal.theirs), "w") as file:
        size = {"width": terminal.screen.columns, "height": terminal.screen.lines}  # else it asks the tests' own
        view = LiveView(console=Console(file=file, force_terminal=True, highlight=False, soft_wrap=True, **size))
        with view.shown():
            feed(view, news)
            view.draw()
            file.flush()
            wait_for(lambda: any("━" in line for line in terminal.lines))
            lines = settled(terminal)
    terminal.close()
    return lines


def feed(view: LiveView, news: tuple[Line | Progress | Job | str, ...]) -> None:
    for each in news:
        match each:
            case Line():
                view.tell(each, each.text)
            case Progress():
                view.move(each)
            case Job():
                view.change(each)
            case str():
                view.say(each)


def wait_for(fact: Callable[[], object]) -> None:
    give_up = time.monotonic() + 60
    while not fact():
        assert time.monotonic() < give_up
        time.sleep(0.01)


def settled(terminal: Terminal) -> list[str]:
    """The screen once what was sent has been read: up to the title that is sent now."""
    os.write(terminal.theirs, b"\x1b]2;read so far\x07")
    wait_for(lambda: terminal.screen.title == "read so far")
    return terminal.lines


def log(text: str, level: int = logging.INFO) -> Line:
    return Line(datetime.now(UTC), level, text)


def test_a_panel_below_the_log_tells_how_far_how_fast_why_not_and_who_does_what(terminal) -> None:
    moved = standing(failed=734, causes=CAUSES, causes_in_all=4)
    lines = drawn(terminal(80, 24), job(), log("12:00:00 the script is ready"), moved)
    shown = [line for line in lines if line]
    assert shown[0] == "12:00:00 the script is ready"
    assert shown[1].endswith(" 55 % 110 of 200 files")
    assert shown[2].startswith("734 failed, 40 files/s, about 1 min 2")
    assert shown[3].startswith("    731 × ValueError in score.py:31: no\\x1b[2J \\u202enumber (first: ")
    assert shown[4].startswith("      3 × timeout in score.py:40: run() took longer than 30 s (first: d.png)")
    assert shown[5] == "        and 2 more reasons"
    assert shown[6:] == ["slot 0  mini-batch 10, 3 s", "slot 1  mini-batch 11, 4 s"]


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (40, 12), (20, 6)])
def test_no_line_of_the_panel_is_broken_and_it_leaves_room_for_the_log(terminal, columns: int, lines: int) -> None:
    news = [job(), *(log(f"line {number}") for number in range(30)), standing(slots=128, causes=CAUSES, failed=9)]
    shown = drawn(terminal(columns, lines), *news)
    panel = shown[1 + max(at for at, line in enumerate(shown) if line.startswith("line ")) :]
    assert "line 29" in shown
    assert 2 <= len([line for line in panel if line]) <= max(4, lines // 2)
    assert not any(line.startswith((" ", "x")) for line in panel if "×" not in line)


def test_of_many_slots_some_are_named_and_the_others_counted(terminal) -> None:
    lines = [line for line in drawn(terminal(80, 40), job(), standing(slots=128)) if line]
    assert len([line for line in lines if line.startswith("slot ")]) == 8
    assert lines[-1] == "and 120 more: 120 scoring"


def test_the_bar_never_goes_back_though_a_resumed_job_counts_anew(terminal) -> None:
    lines = drawn(terminal(80, 24), job(), standing(done=110), standing(done=60))
    assert any(line.endswith(" 55 % 60 of 200 files") for line in lines)


def test_a_job_that_waits_says_for_what(terminal) -> None:
    lines = drawn(terminal(80, 24), job("Queued"))
    assert [line for line in lines if line][-1] == "Queued: waits for a worker, or for instances that other jobs have"


def test_no_number_stands_at_the_bar_before_one_is_known(terminal) -> None:
    waiting = drawn(terminal(80, 24), job("Queued"))
    assert not any("%" in line for line in waiting), waiting
    assert any("  0 %" in line for line in drawn(terminal(80, 24), job(), standing(0)))


def test_what_a_script_prints_can_colour_its_line_and_do_nothing_else_to_the_terminal(terminal) -> None:
    screen = terminal(80, 24)
    hostile = "\x1b[31mred\x1b[0m \x1b[2J\x1b[H\x1b]0;title\x1b\\ \x07bell\x9b2J"
    lines = drawn(screen, job(), log("first"), log(hostile), log("10 %\r20 %\r100 %"), standing())
    assert lines[0] == "first"
    assert lines[1].startswith("red ")
    assert lines[1].endswith("bell 2J")
    assert lines[2] == "100 %", "as a terminal would show it in the end"
    assert b"\x1b[2J" not in screen.sent
    assert b"\x1b[31mred" in screen.sent


def test_colours_are_off_with_no_color(terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    screen = terminal(80, 24)
    drawn(screen, job(), log("\x1b[31mred", logging.ERROR), standing(failed=3, causes=CAUSES))
    assert not {code for number in range(30, 50) if (code := f"\x1b[{number}m".encode()) in screen.sent}
    assert b"38;5" not in screen.sent


def test_a_job_that_tells_much_is_drawn_no_more_often(terminal) -> None:
    screen = terminal(80, 24)
    began = time.monotonic()
    news = [each for number in range(2000) for each in (log(f"line {number}"), standing(done=number % 200))]
    drawn(screen, job(), *news)
    draws = screen.sent.count(b"of 200 files")
    assert draws <= 3 + (time.monotonic() - began) / 0.25
    printed = [*("".join(cell.data for cell in line.values()) for line in screen.screen.history.top), *screen.lines]
    assert len([line for line in printed if line.startswith("line ")]) > 900


FOLLOWS = """
import sys, time, logging
sys.path[:0] = {path!r}
from datetime import UTC, datetime
from tests.jobs.test_live_view import job, log, standing
from deployments.cli.following import follow
from deployments.service import streaming
import click

def feed(client, name, **told):
    yield job()
    yield log("the script is ready")
    yield standing()
    time.sleep(60)

streaming.follow = feed
@click.command()
@click.pass_context
def typed(context): follow(context, None, "friday")
typed()
"""


def typed(terminal: Terminal) -> int:
    """Follow that feed in a process of its own whose terminal it is; its id."""
    program = FOLLOWS.format(path=[os.getcwd()])
    pid = os.fork()
    if pid == 0:
        os.setsid()
        fcntl.ioctl(terminal.theirs, termios.TIOCSCTTY, 0)
        for descriptor in range(3):
            os.dup2(terminal.theirs, descriptor)
        os.execv(sys.executable, [sys.executable, "-c", program])
    return pid


@pytest.mark.slow
def test_ctrl_c_leaves_the_job_running_the_terminal_as_it_was_and_says_how_to_go_on(terminal) -> None:
    screen = terminal(120, 24)
    pid = typed(screen)
    wait_for(lambda: any("110 of 200 files" in line for line in screen.lines))
    os.kill(pid, signal.SIGINT)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 130
    lines = [line for line in screen.close() if line]
    assert lines[-1].startswith("left the job running; to follow it: batchpoint job stream --name friday")
    assert not any("110 of 200 files" in line for line in lines)
    assert "the script is ready" in lines[-2]
    assert not screen.screen.cursor.hidden


def test_the_panel_goes_when_there_is_no_more_news_and_the_log_stays(terminal) -> None:
    screen = terminal(80, 24)
    drawn(screen, job(), log("the script is ready"), standing(slots=3))
    assert [line for line in screen.lines if line] == ["the script is ready"]
    assert not screen.screen.cursor.hidden
