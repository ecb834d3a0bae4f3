"""Finding the files that make a mini-batch fail: halves are called, and halves of those that fail, until culprits stand
alone and everything else is scored.

Of a piece that fails the first half is called. If that fails too the second half is called, for it may be good; if not,
the second half must be what failed, and its own halves are called at once. With k bad files among B that is at most
2k log2(B) + 1 calls. No file is blamed by inference: one that is left alone is called alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, log2

from scoring.facts import Fault
from scoring.process import Scored


@dataclass(frozen=True)
class Outcome:
    """What one call of run() came to: what it returned, or why it failed; and the seconds it took."""

    result: Scored | Fault
    seconds: float


@dataclass(frozen=True)
class Kept:
    """Files from position `first` up to `end` of the mini-batch, scored by one call."""

    first: int
    end: int
    scored: Scored
    seconds: float


@dataclass(frozen=True)
class Culprit:
    """A file that fails: its position, why, how many calls it took part in, and how long the last one took."""

    position: int
    fault: Fault
    calls: int
    seconds: float


Call = Callable[[int, int], Outcome]


def most_in_a_row(files: int) -> int:
    """How many calls may fail in a row before isolation ends.

    A few bad files never make many calls in a row fail: somewhere beside each is a good half. Where every call down to
    a single file fails, as with a script that is broken, calling all of them would cost a call each for nothing.
    """
    return 2 * ceil(log2(max(files, 2)))


def most_calls(files: int) -> int:
    """How many calls isolation may take at worst: one for each piece that there is."""
    return max(0, 2 * files - 2)


class Isolation:
    """The search in one mini-batch. Positions count its files from 0."""

    def __init__(self, files: int, call: Call) -> None:
        """Begin; `call` has run() score the files from one position up to another."""
        self.kept: list[Kept] = []
        self.culprits: list[Culprit] = []
        self.calls = 0
        self.failed_seconds = 0.0
        self._call = call
        self._most_in_a_row = most_in_a_row(files)
        self._in_a_row = 0
        self._seconds = [0.0] * files
        self._taken_part = [0] * files

    def try_piece(self, first: int, end: int) -> Fault | None:
        """Call a piece and keep its rows; why it fails, if it does."""
        outcome = self._call(first, end)
        self.calls += 1
        for position in range(first, end):
            self._taken_part[position] += 1
            self._seconds[position] = outcome.seconds
        if isinstance(outcome.result, Fault):
            self._in_a_row += 1
            self.failed_seconds += outcome.seconds
            return outcome.result
        self._in_a_row = 0
        self.kept.append(Kept(first, end, outcome.result, outcome.seconds))
        return None

    def narrow(self, first: int, end: int, fault: Fault, *, is_called: bool = True) -> None:
        """Find the culprits in a piece that fails.

        Args:
            first: the piece's first position.
            end: the position after its last.
            fault: why it fails, or why the piece it is the rest of does.
            is_called: whether a call of this very piece failed; else it is known from the rest being good.
        """
        if end - first == 1 and is_called:
            self.blame(first, end, fault)
        elif self._is_spent:
            self.blame(first, end, _of_many(fault, end - first, self.calls))
        elif end - first == 1:
            own = self.try_piece(first, end)
            if own is not None:
                self.blame(first, end, own)
        else:
            self._halve(first, end, fault)

    def _halve(self, first: int, end: int, fault: Fault) -> None:
        middle = first + (end - first) // 2
        of_left = self.try_piece(first, middle)
        if of_left is None:
            self.narrow(middle, end, fault, is_called=False)
            return
        of_right = fault if self._is_spent else self.try_piece(middle, end)
        self.narrow(first, middle, of_left)
        if of_right is not None:
            self.narrow(middle, end, of_right, is_called=of_right is not fault)

    @property
    def _is_spent(self) -> bool:
        return self._in_a_row >= self._most_in_a_row

    def blame(self, first: int, end: int, fault: Fault) -> None:
        """Give up the files of a piece for one reason."""
        for position in range(first, end):
            self.culprits.append(Culprit(position, fault, self._taken_part[position], self._seconds[position]))


def _of_many(fault: Fault, files: int, calls: int) -> Fault:
    """A fault that files share because isolation ended before they stood alone."""
    said = fault.message.rstrip() + f"\n({files} files together: not told apart after {calls} calls of run())"
    return fault.model_copy(update={"message": said})
