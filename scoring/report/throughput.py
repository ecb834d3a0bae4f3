"""Files a second, over the time of the job."""

from itertools import accumulate, pairwise

from scoring import spelling
from scoring.recorded import Tried
from scoring.report.bars import Bars, side_by_side
from scoring.report.scale import moments, shares
from scoring.work import Work

BINS = 60
LEAST = 12


class Throughput:
    """Files by the span of time in which they were scored.

    Those of a mini-batch are taken to be scored one after the other while run() had it: counted where it ended, they
    would make spans shorter than a mini-batch look uneven.
    """

    def __init__(self, work: Work) -> None:
        self._began, self._span = work.began, work.span or 1.0
        self._bins = max(LEAST, min(BINS, work.mini_batches // 2))
        self._files = [0.0] * self._bins

    def add(self, row: Tried) -> None:
        """Count the files of a mini-batch that were scored."""
        called, ended = row.called - self._began, row.ended - self._began
        for at, seconds in shares(called, ended, self._span / self._bins, self._bins):
            self._files[at] += row.scored * seconds / row.scoring if row.scoring else row.scored

    def bars(self) -> Bars:
        """The figure."""
        width = self._span / self._bins
        rates = [files / width for files in self._files]
        most = max(rates) or 1.0
        spans = [f"{spelling.seconds(at * width)} to {spelling.seconds((at + 1) * width)}" for at in range(self._bins)]
        said = [f"{span}: {spelling.rate(rate)} files/s" for span, rate in zip(spans, rates, strict=True)]
        mean = sum(self._files) / self._span
        by_then = [round(files) for files in accumulate(self._files, initial=0.0)]
        counts = [after - before for before, after in pairwise(by_then)]
        return Bars(
            bars=side_by_side(rates, said, most),
            ticks=moments(self._span),
            top=f"{spelling.rate(most)} files/s",
            said=(
                f"On average {spelling.rate(mean)} files/s from the first to the last mini-batch, at most "
                f"{spelling.rate(most)}."
            ),
            titles=("after", "files", "files/s"),
            rows=[
                (span, spelling.count(files), spelling.rate(rate))
                for span, files, rate in zip(spans, counts, rates, strict=True)
            ],
        )
