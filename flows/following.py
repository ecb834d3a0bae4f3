"""The one place that listens to a job's news: it alone decides that a job must end early."""

import queue
from typing import Any

from prefect import get_run_logger
from prefect.futures import PrefectFuture

from flows.desk import Desk
from flows.errors import DaskSchedulerLostError, DaskWorkerLostError
from flows.progress import Progress
from flows.task_runner import SlotTaskRunner
from scoring.chunk import Report
from scoring.errors import InitFailedError, JobStoppedError, MiniBatchesFailedError, ScoringError, SupersededError
from scoring.stopping import EarlyEnd, StopRules

OURS = (ScoringError, DaskWorkerLostError, DaskSchedulerLostError)  # sentences that need no name before them
POLL = 0.2  # seconds: how soon a task run that ends without news is noticed
QUIET_WITHIN = 3.0  # seconds that killed task runs are given to write down what they know


def settle(future: PrefectFuture[Report]) -> Report | Exception:
    """A chunk's report, or why it has none; the totals come from the facts in the job's folder, not from here."""
    try:
        outcome: Report | Exception = future.result(raise_on_failure=False)
    except Exception as error:  # noqa: BLE001 - a Dask worker that died, say: whatever it is, the job must say so
        return error
    return outcome


class Follower:
    """Follows a job's task runs to their end, and ends them all when one of the reasons for that comes true."""

    def __init__(self, desk: Desk, progress: Progress, runner: SlotTaskRunner, rules: StopRules) -> None:
        self._desk = desk
        self._progress = progress
        self._runner = runner
        self._rules = rules

    def follow(self, futures: list[PrefectFuture[Report]]) -> EarlyEnd | None:
        """Wait until every task run has ended, or must.

        Returns: why the job ends early, or None.
        Raises: InitFailedError when the script cannot start and nothing was scored: there is nothing to account for;
            SupersededError when another run of the job has begun.
        """
        try:
            end = self._until_the_end(futures)
        except BaseException:  # cancellation too: the script's processes go first, then what waits for them
            self._end_early(futures)
            raise
        if end is not None:
            self._end_early(futures, lets_finish=end.lets_finish)
        self._progress.show(self._desk.slots)
        return end

    def _until_the_end(self, futures: list[PrefectFuture[Report]]) -> EarlyEnd | None:
        waiting = list(futures)
        end: EarlyEnd | None = None
        while waiting and end is None:
            end = self._listen()
            ended = [future for future in waiting if self._has_ended(future)]
            waiting = [future for future in waiting if future not in ended]
            for future in ended:
                end = end or self._hopeless(future)
        while end is None and not self._desk.news.empty():
            end = self._listen()
        return end

    def _listen(self) -> EarlyEnd | None:
        """Take in one piece of news, or wait a moment for it."""
        try:
            news = self._desk.news.get(timeout=POLL)
        except queue.Empty:
            pass
        else:
            self._progress.count(news)
            self._rules.count(news.scored, news.failed)
            for trouble in news.troubles:
                self._rules.blame(trouble.mini_batch, trouble.fault)
        if self._progress.is_due:
            self._progress.show(self._desk.slots)
        self._rules.look_at_clock()
        return self._rules.end

    @staticmethod
    def _has_ended(future: PrefectFuture[Report]) -> bool:
        wrapped: Any = future.wrapped_future  # type: ignore[attr-defined]
        return bool(wrapped.done())

    def _hopeless(self, future: PrefectFuture[Report]) -> EarlyEnd | None:
        """Why a task run that ended means the end of the job: its script cannot start, or something of ours failed."""
        outcome = settle(future)
        if isinstance(outcome, InitFailedError):
            if outcome.fault.traceback:
                get_run_logger().error("%s", outcome.fault.traceback)
            if not self._desk.has_scored:
                raise outcome
            return EarlyEnd(str(outcome))
        if isinstance(outcome, SupersededError):
            raise outcome
        if isinstance(outcome, Exception) and not isinstance(outcome, (MiniBatchesFailedError, JobStoppedError)):
            kind = "" if isinstance(outcome, OURS) else f"{type(outcome).__name__}: "
            return EarlyEnd(f"a chunk could not be scored: {kind}{outcome}")
        return None

    def _end_early(self, futures: list[PrefectFuture[Report]], *, lets_finish: bool = False) -> None:
        if lets_finish:
            self._desk.finish()
        else:
            self._desk.stop()
        self._runner.drop([future for future in futures if not self._has_ended(future)])
        if lets_finish:
            settings = self._desk.job.manifest.settings
            self._desk.wait_until_quiet(settings.init_timeout + settings.retry_settings.timeout)
            self._desk.stop()
        if not self._desk.wait_until_quiet(QUIET_WITHIN):
            get_run_logger().warning(
                "Some task runs had not ended after %g s: what they know may be missing", QUIET_WITHIN
            )
