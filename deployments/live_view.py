"""A job's news on a terminal: log lines pass by, and a panel stays below them."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.text import Text

from deployments.panel import Panel
from deployments.service.job_log import Line
from deployments.service.job_records import Job
from deployments.service.streaming import Progress

STYLES = ((logging.ERROR, "red"), (logging.WARNING, "yellow"))
SECONDS_BETWEEN = 0.25  # drawing costs the same whether ten lines or one are new, and nobody reads faster
SECONDS_OF_CLOCK = 1.0  # what the panel says of times is whole seconds


class LiveView:
    """Takes news from one thread and draws them in another, so that a job that tells much is not drawn more often."""

    def __init__(self, *, err: bool = False, console: Console | None = None) -> None:
        self.console = console or Console(stderr=err, highlight=False, soft_wrap=True)
        self.panel = Panel()
        self._live = Live(self.panel, console=self.console, auto_refresh=False, transient=True)
        self._lines: list[Text] = []
        self._lock = threading.Lock()
        self._has_news = threading.Event()
        self._is_over = threading.Event()

    @contextmanager
    def shown(self) -> Iterator[None]:
        """The time in which the panel is on the screen."""
        drawing = threading.Thread(target=self._draw_on, name="live-view", daemon=True)
        with self._live:
            drawing.start()
            try:
                yield
            finally:
                self._is_over.set()
                self._has_news.set()
                drawing.join()
                self.draw()

    def say(self, text: str) -> None:
        """Have a line of ours pass by."""
        self._pass(Text(text))

    def tell(self, line: Line, text: str) -> None:
        """Have a line of the job's log pass by; of what a script does to terminals only colours are left."""
        shown = Text.from_ansi(text)
        shown.plain = plain(shown.plain)
        shown.stylize(next((style for level, style in STYLES if line.level >= level), ""))
        self._pass(shown)

    def _pass(self, line: Text) -> None:
        with self._lock:
            self._lines.append(line)
        self._has_news.set()

    def move(self, progress: Progress) -> None:
        """Show how far the job is."""
        self.panel.take(progress)
        self._has_news.set()

    def change(self, job: Job) -> None:
        """Show what the job's state is."""
        self.panel.take(job)
        self._has_news.set()

    def _draw_on(self) -> None:
        while not self._is_over.wait(SECONDS_BETWEEN):
            self._has_news.wait(SECONDS_OF_CLOCK - SECONDS_BETWEEN)
            self._has_news.clear()
            if not self._is_over.is_set():
                self.draw()

    def draw(self) -> None:
        """Let the lines that wait pass by, and draw the panel below them."""
        with self._lock:
            lines, self._lines = self._lines, []
        if lines:
            self.console.print(Text("\n").join(lines))  # which draws the panel anew
        else:
            self._live.refresh()


def plain(line: str) -> str:
    """What a terminal may be sent of a script's line, as long as it is."""
    return "".join(each if each.isprintable() else " " for each in line)
