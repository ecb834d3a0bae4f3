"""When a slot turned to a mini-batch, and what it then waited for."""

import time

from scoring.slot import Slot


class Turn:
    """A slot's turning to a mini-batch: when, and how long it then waited for anything but the mini-batch's files."""

    def __init__(self, slot: Slot) -> None:
        self.began = round(time.time(), 3)
        self._slot = slot
        self._since, self._started = time.monotonic(), slot.starting
        self._came_after = 0.0

    def come(self) -> None:
        """The mini-batch is there, and its files are asked for."""
        self._came_after = time.monotonic() - self._since

    @property
    def waited(self) -> float:
        """Seconds until the mini-batch was there, and those that its scoring processes took to be ready."""
        return round(self._came_after + self._slot.starting - self._started, 6)
