"""Scoring a folder from a notebook or a script: the whole data plane in one call, with no server."""

import logging
import sys
import threading
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from scoring import tracking
from scoring.assemble import assemble
from scoring.chunk import News, score_chunk
from scoring.errors import InitFailedError, InputError, JobStoppedError, MiniBatchesFailedError
from scoring.fleet import Fleet
from scoring.held_folder import HeldFolder
from scoring.job import Job
from scoring.last_records import records_at_any_end
from scoring.listing import write_listing
from scoring.manifest import MANIFEST, Manifest, with_a_slot_for_each_device
from scoring.output import check_output
from scoring.planning import Chunk, plan_chunks
from scoring.ready_script import CODE, SCRIPT
from scoring.script_check import check_script
from scoring.settings import Settings
from scoring.stages import Stages
from scoring.stopping import EarlyEnd, StopRules
from scoring.storage import Folder, as_url
from scoring.summary import Summary

log = logging.getLogger(__name__)


def score(
    *,
    script: str | Path | None = None,
    inputs: str | Path,
    output: str | Path,
    settings: Settings | Mapping[str, Any] | None = None,
    model: str | Path | None = None,
    python: str | None = None,
    overwrite: bool = False,
    literals: Mapping[str, str | float] | None = None,
    on_news: Callable[[News], None] | None = None,
    folder: str | Path | None = None,
) -> Summary:
    """Score every file below a folder with a scoring script, in scoring processes on this machine.

    Args:
        script: a Python file with run(mini_batch) and usually init(), or with load(path); modules beside it can be
            imported. Left out for a model of a kind that needs none.
        inputs: a folder, or one file; a local path or any URL that fsspec reads.
        output: the folder that predictions, failures.jsonl, report.html and summary.json are put into.
        settings: how; a Settings, or a mapping of its fields. max_concurrency_per_instance is the number of processes.
        model: a file or folder; becomes the only thing in AZUREML_MODEL_DIR.
        python: the interpreter of the scoring processes; this one when left out.
        overwrite: replace files of the output that exist.
        literals: values for the script, by name: environment variables, and attributes of run()'s second argument.
        on_news: is called from the scoring threads after each try of each mini-batch.
        folder: of the job itself, to be kept for its logs and tables; none that is another job's. Left out, these go
            when the job has ended.
    Returns: the summary, also when files failed; its state says Completed, CompletedWithErrors or Failed.
    Raises: ScriptError, InputError, OutputExistsError and TrackingError before anything is scored;
        pydantic.ValidationError for settings and literals; InitFailedError, with no output, when init() fails before
        anything was scored.
    Source: issue "The main job", part 2.
    """
    chosen = settings if isinstance(settings, Settings) else Settings.model_validate(dict(settings or {}))
    code, path = (CODE, CODE / SCRIPT) if script is None else (Path(script).parent, Path(script))
    check_script(path)
    check_output(as_url(output), chosen, overwrite=overwrite)
    with HeldFolder("job") as scratch:
        manifest = Manifest(
            job=uuid.uuid4().hex[:12],
            folder=str(scratch) if folder is None else _job_folder(folder),
            input=as_url(inputs),
            output=as_url(output),
            script=str(path.absolute()),
            code=str(code.absolute()),
            model_dir=_model_dir(model, scratch),
            python=python or sys.executable,
            settings=with_a_slot_for_each_device(chosen, 1),
            literals=dict(literals or {}),
            overwrite=overwrite,
        )
        manifest = tracking.begin(manifest)
        manifest.write()
        return tracking.tracked(manifest, _Run(Job(manifest), on_news).all)


def _job_folder(folder: str | Path) -> str:
    url = as_url(folder)
    if Folder(url).exists(MANIFEST):
        raise InputError(f"{folder} is the folder of another job; give one that is not there yet")
    return url


def _model_dir(model: str | Path | None, folder: Path) -> str | None:
    """A folder whose one child is the model, linked: scripts take the first thing they find there."""
    if model is None:
        return None
    path = Path(model).absolute()
    if not path.exists():
        raise InputError(f"model {model} is not there; give the path of a file or folder")
    holder = folder / "model"
    holder.mkdir()
    (holder / path.name).symlink_to(path)
    return str(holder)


class _Run:
    """Threads that score chunks, where the flow has Dask workers; the rules for tries and for stopping are the same."""

    def __init__(self, job: Job, on_news: Callable[[News], None] | None) -> None:
        self.job = job
        self.on_news = on_news
        self.fleet = Fleet(job.manifest.launch())
        self.rules: StopRules | None = None
        self.broken: InitFailedError | None = None
        self.lock = threading.Lock()

    def all(self) -> Summary:
        stages = Stages()
        with records_at_any_end(self.job, stages):
            return self._score(stages)

    def _score(self, stages: Stages) -> Summary:
        manifest = self.job.manifest
        try:
            self.fleet.start_early(range(manifest.slots))
            write_listing(manifest.input, self.job.folder, include_hidden=manifest.settings.include_hidden)
            stages.end("list")
            chunks = plan_chunks(self.job.mini_batches, manifest.slots)
            self.rules = StopRules(manifest.settings, self.job.listing.files, manifest.slots, chunks)
            with ThreadPoolExecutor(manifest.slots, thread_name_prefix="slot") as threads:
                try:
                    list(threads.map(self.chunk, chunks))
                except BaseException:
                    self.fleet.stop()  # Ctrl-C: leaving the executor would wait until all is scored
                    raise
            if self.broken is not None and not self.fleet.has_scored:
                raise self.broken
            stages.end("score")
            for fault in self.fleet.close():
                log.warning("shutdown() of the scoring script failed: %s", fault, extra={"action": "shut_down"})
        finally:
            self.fleet.stop()
        stages.seconds.update(self.fleet.first_start)
        end = EarlyEnd(str(self.broken)) if self.broken else self.rules.end
        return assemble(self.job, end=end, stages=stages)

    def chunk(self, chunk: Chunk) -> None:
        retry = self.job.manifest.settings.retry_settings
        try:
            for attempt in range(1, retry.max_retries + 2):
                if attempt > 1:
                    self.fleet.wait(retry.pause())
                if self.attempt(chunk, attempt):
                    return
        except JobStoppedError:
            return
        except InitFailedError as error:
            with self.lock:
                self.broken = self.broken or error
            self.fleet.stop()
        except BaseException:
            self.fleet.stop()  # what went wrong here is told once the other chunks are done
            raise

    def attempt(self, chunk: Chunk, number: int) -> bool:
        """One attempt at a chunk; whether it needs no other."""
        try:
            score_chunk(self.job, chunk, self.fleet, attempt=number, tell=self.take)
        except MiniBatchesFailedError as error:
            return error.is_final
        return True

    def take(self, news: News) -> None:
        """Hold what happened against the rules for ending early."""
        assert self.rules is not None
        with self.lock:
            self.rules.count(news.scored, news.failed)
            if news.fault is not None:
                self.rules.blame(news.mini_batch, news.fault)
            self.rules.look_at_clock()
        if self.on_news is not None:
            self.on_news(news)
        if self.rules.end is None:
            return
        if self.rules.end.lets_finish:
            self.fleet.finish()
        else:
            self.fleet.stop()
