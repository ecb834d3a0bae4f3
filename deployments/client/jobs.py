"""`client.jobs`."""

import builtins
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from deployments.client.system import System

# The modules of jobs bring Prefect, which the other nouns do without: they are imported in the verbs.
if TYPE_CHECKING:
    from deployments.service.job_records import Job
    from deployments.service.removal import Pruned, Removed
    from deployments.service.streaming import News
    from scoring.advice.advice import Advice
    from scoring.replay import Replay


class JobNotCompletedError(Exception):
    """A job that was followed to its end failed or was canceled."""

    def __init__(self, job: "Job") -> None:
        super().__init__(job)
        self.job = job

    def __str__(self) -> str:
        return f"job {self.job.name!r} is {self.job.status}: {self.job.state_message}"


@dataclass(frozen=True)
class Jobs:
    """Jobs: invocations of endpoints. `job` is one that has been sent.

    >>> client.jobs.stream(job.name).status
    Job first-try on words / first
    ...
    Completed: 2 files scored; output: ...
    'Completed'
    >>> client.jobs.show(job.name).files.scored
    2
    >>> [path.name for path in client.jobs.download(job.name, "out")]
    ['failures.jsonl', 'predictions.csv', 'report.html', 'summary.json']
    >>> client.jobs.list(max_results=1)[0].progress
    Counted(files=2, done=2, failed=0)
    >>> client.jobs.logs(job.name, errors=True)
    []
    >>> client.jobs.replay(job.name, file="a.txt").first_rows
    ('a good day',)
    >>> client.jobs.resume(job.name).status  # what has completed is left as it is
    'Completed'
    >>> client.jobs.delete(job.name).output is None  # it lay in the job's folder, and went with it
    True
    """

    _system: System

    def show(self, name: str) -> "Job":
        """A job by its name or id: its status, where its output is, how its files fared. Raises: JobNotFoundError."""
        from deployments.service import jobs

        return jobs.show(self._system.store, self._system.prefect, name)

    def list(self, max_results: int | None = 50) -> "builtins.list[Job]":
        """Jobs of all endpoints, the newest first, each with its progress; all of them when `max_results` is None."""
        from deployments.service import jobs, standings

        sent = jobs.list_all(self._system.store, self._system.prefect, most=max_results)
        return standings.counted(self._system.prefect, sent)

    def follow(self, name: str) -> "Iterator[News]":
        """What happens to a job until it has ended: log lines, progress, and the job at each change and at its end.

        Raises: JobNotFoundError.
        """
        from deployments.service import streaming

        return streaming.follow(self._system.prefect, name)

    def stream(self, name: str) -> "Job":
        """Print a job's log and progress until it has ended.

        Returns: the job as it ended, which may have failed files: its state is then CompletedWithErrors.
        Raises: JobNotFoundError; JobNotCompletedError when it failed or was canceled.
        """
        from deployments.watching import watch

        ended = watch(self.follow(name))
        if ended.status != "Completed":
            raise JobNotCompletedError(ended)
        return ended

    def logs(self, name: str, *, slot: int | None = None, errors: bool = False) -> "builtins.list[str]":
        """A job's log with times: its stages, attempts, failed tries and end; it may still run.

        Args:
            name: the job's name, or its id.
            slot: in place of that, what the script printed in this slot.
            errors: in place of that, failed tries with their tracebacks.
        Raises: JobNotFoundError; ConflictError when there is nothing yet; UnusableError for a slot without output.
        """
        from deployments.service import job_logs

        store, prefect = self._system.store, self._system.prefect
        if slot is not None:
            return [*job_logs.read_slot(store, prefect, name, slot)]
        return [*(job_logs.read_errors if errors else job_logs.read_overview)(store, prefect, name)]

    def cancel(self, name: str, *, wait: bool = True) -> "Job":
        """End a job, and wait until it has; what it has stored is kept.

        Raises: JobNotFoundError; ConflictError for a job that ended otherwise; StillRunningError when it goes on.
        """
        from deployments.service import jobs

        return jobs.cancel(self._system.store, self._system.prefect, name, wait=wait)

    def resume(self, name: str) -> "Job":
        """Have a job go on that failed, was canceled or lost its machine: it scores only what it has not scored yet.

        Raises: JobNotFoundError; ConflictError when the job goes on already, or its endpoint is gone.
        """
        from deployments.service import resumption

        return resumption.resume(self._system.store, self._system.prefect, name)

    def rerun_failed(self, name: str, *, job_name: str | None = None, output_path: str | None = None) -> "Job":
        """Send a job for the failed files of one that has ended; it keeps that one's rows for the others.

        Args:
            name: the earlier job's name, or its id.
            job_name: the new job's name; left out, its id.
            output_path: folder for the output of all files; left out, the new job's own.
        Returns: the new job.
        Raises: JobNotFoundError; ConflictError when the job has not ended or none of its files failed.
        """
        from deployments.service import rerun

        system = self._system
        return rerun.rerun_failed(
            system.store, system.launcher, system.prefect, name, job_name=job_name, output=output_path
        )

    def replay(
        self, name: str, *, file: str | None = None, mini_batch: int | None = None, debug: bool = False
    ) -> "Replay":
        """Call a job's script once more with one file or mini-batch; its input and output are this process's own.

        Args:
            name: the job's name, or its id.
            file: the file, by its path in failures.jsonl or by where it lies.
            mini_batch: a mini-batch's number, in place of a file.
            debug: whether pdb is opened where the script raises; no deadline holds then.
        Returns: what it came to, and what it had come to in the job. Nothing is stored.
        Raises: JobNotFoundError; ConflictError when the job's folder is not there; scoring.InputError when the job was
            not given such a file or mini-batch; scoring.ScriptError when its script or model is gone.
        """
        from deployments.service import replaying

        store, prefect = self._system.store, self._system.prefect
        return replaying.replay(store, prefect, name, file=file, mini_batch=mini_batch, debug=debug)

    def report(self, name: str, to: str | Path | None = None, *, rebuild: bool = False) -> Path:
        """The report of a job that has ended, one page of HTML; one that is not there is built.

        Args:
            name: the job's name, or its id.
            to: the file to write it to; left out, it stays where it is, or is copied into this folder from a store.
            rebuild: build it even if it is there.
        Returns: the file.
        Raises: JobNotFoundError; ConflictError while the job runs, or when it listed no files; UnusableError for a
            file that can't be written.
        """
        from deployments.service import reports

        target = Path(to) if to is not None else None
        return reports.fetch(self._system.store, self._system.prefect, name, target, rebuild=rebuild)

    def advise(self, name: str) -> "builtins.list[Advice]":
        """What would make the next job like this one faster or safer, by its own numbers; empty when there is nothing.

        Raises: JobNotFoundError; ConflictError while the job runs, or when it has no table of its mini-batches.
        """
        from deployments.service import reports

        return reports.advise(self._system.store, self._system.prefect, name)

    def download(
        self,
        name: str,
        download_path: str | Path = ".",
        output_name: str = "score",
        *,
        all: bool = False,  # noqa: A002 - the command line's word
    ) -> "builtins.list[Path]":
        """Fetch what a job wrote, once it has ended, into named-outputs/score/ below a folder.

        Args:
            name: the job's name, or its id.
            download_path: the folder.
            output_name: which output; a job has one, score.
            all: whether manifest and logs are fetched too, into artifacts/.
        Returns: the files.
        Raises: JobNotFoundError; UnusableError for another output than score or a folder that can't be written;
            ConflictError while the job runs, or when it left no output.
        """
        from deployments.service import downloads

        store, prefect, target = self._system.store, self._system.prefect, Path(download_path)
        if all:
            return downloads.download_all(store, prefect, name, target)
        return downloads.download(store, prefect, name, target, output_name)

    def delete(self, name: str) -> "Removed":
        """Delete a job that has ended, with its parts, its logs, and its output unless that was sent elsewhere.

        Raises: JobNotFoundError; ConflictError while it runs, or when something stands on what it made.
        """
        from deployments.service import removal

        return removal.delete(self._system.store, self._system.prefect, name)

    def prune(self, older_than: timedelta) -> "Pruned":
        """Delete the jobs that ended longer ago, but for those whose folders a later job or a data asset needs."""
        from deployments.service import removal

        store, prefect = self._system.store, self._system.prefect
        return removal.prune(store, prefect, removal.plan(store, prefect, older_than))
