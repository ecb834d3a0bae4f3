"""One input of a job once more, in the foreground: with the script, model and variables that the job had.

Nothing is stored. The script's standard input and output are those of whoever asks, so that it can be watched, and
stopped in a debugger; what it comes to is held against what it had come to in the job.
"""

import json
import re
import subprocess
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from scoring import device_memory
from scoring.endings import fault_of, where_in
from scoring.errors import ScriptError, SpoolError
from scoring.facts import Facts, Fault, Record, Text
from scoring.held_folder import HeldFolder
from scoring.job import Job
from scoring.launch import Launch
from scoring.ledger import entries
from scoring.manifest import Manifest
from scoring.process import scored_of
from scoring.replay_input import ReplayInput, at_hand
from scoring.short_returns import failed_files
from scoring.units import split_rows

PROGRAM = Path(__file__).with_name("replay_program.py")
ROWS_SHOWN = 5
FAULTS_NAMED = 3
OVERDUE = re.compile(r"^Timeout \(", re.MULTILINE)  # how faulthandler begins when a deadline has passed
PATIENCE = 1.0  # seconds that a script is given to end on Ctrl-C, which it gets as well

Stage = Literal["import", "init", "run"]


class Replay(Record):
    """What init() and run() came to once more, and what the same files had come to in the job."""

    mini_batch: int
    files: tuple[Text, ...] = Field(description="Paths in the job's listing.")
    stage: Stage = Field("run", description="How far it came: to the script's import, its init(), or run().")
    fault: Fault | None = Field(None, description="Why it failed, if it did.")
    rows: int = 0
    columns: tuple[Text, ...] = ()
    first_rows: tuple[Text, ...] = Field((), description="As the job writes rows; the first of them.")
    seconds: float = Field(0.0, description="That it all took.")
    in_job: Literal["scored", "failed", "not tried"]
    faults_in_job: tuple[Fault, ...] = Field((), description="Why the files failed in the job, each reason once.")

    @property
    def is_as_in_job(self) -> bool:
        """Whether it failed in the same way: the same class at the same place of the script."""
        return self.fault is not None and any(one.cause == self.fault.cause for one in self.faults_in_job)

    def __str__(self) -> str:
        """What happened and how that compares, in a sentence."""
        then = f"in the job: {_listed(self.faults_in_job)}"
        doing = "importing the script" if self.stage == "import" else f"{self.stage}()"
        if self.fault is None:
            rows = f"run() returned {self.rows} {'row' if self.rows == 1 else 'rows'} for {_count(self.files)}"
            was = {"scored": "as it did in the job", "failed": f"and did not fail as {then}"}
            return f"{rows}, {was.get(self.in_job, 'which the job did not try')}"
        if self.is_as_in_job:
            return f"{doing} failed as in the job: {self.fault}"
        was = {"scored": "in the job it did not fail", "failed": f"otherwise {then}"}
        return f"{doing} failed: {self.fault}; {was.get(self.in_job, 'the job did not try this')}"


def _count(files: Sequence[str]) -> str:
    return "1 file" if len(files) == 1 else f"{len(files)} files"


def _listed(faults: Sequence[Fault]) -> str:
    more = f"; and {len(faults) - FAULTS_NAMED} more" if len(faults) > FAULTS_NAMED else ""
    return "; ".join(map(str, faults[:FAULTS_NAMED])) + more


def replay(job: Job, chosen: ReplayInput, *, debug: bool = False) -> Replay:
    """Call init(), and run() with some files of one mini-batch, in a process with our standard input and output.

    Args:
        job: that has listed its input.
        chosen: the files.
        debug: without deadlines, and into pdb where the script raises.
    Raises: InputError when a file cannot be fetched; ScriptError when script, model or interpreter are gone;
        EnvironmentUnusableError.
    """
    _check(job.manifest)
    with (
        job.manifest.use_environment() as environment,
        HeldFolder("replay") as scratch,
        at_hand(job, chosen) as paths,
    ):
        launch = _launch(job.manifest, environment.python)
        process = _Process(launch, scratch, job.manifest.settings.retry_settings.timeout)
        began = time.monotonic()
        process.run(chosen.mini_batch, paths, chosen.paths, debug=debug)
        came_to = process.came_to(len(paths))
        seconds = round(time.monotonic() - began, 3)
    facts = _facts_of(job, chosen.mini_batch)
    return Replay(
        mini_batch=chosen.mini_batch, files=chosen.paths, seconds=seconds, **came_to, **_in_job(facts, chosen.paths)
    )


def _check(manifest: Manifest) -> None:
    python = manifest.python if manifest.recipe is None else None
    for path, what in ((manifest.script, "script"), (manifest.model_dir, "model"), (python, "Python")):
        if path is not None and not Path(path).exists():
            raise ScriptError(f"the {what} that the job ran with is gone: there is no {path} on this machine")


def _launch(manifest: Manifest, python: str) -> Launch:
    """As in the job, but that nothing is logged to its run; rows that it would only count are shown."""
    launch = manifest.model_copy(update={"tracking": None}).launch(python)
    return replace(launch, layout="csv" if launch.layout == "none" else launch.layout)


def _facts_of(job: Job, mini_batch: int) -> Facts | None:
    entry = next(islice(entries(job), mini_batch, None))
    return entry.frame.facts if entry.frame else entry.facts


def _in_job(facts: Facts | None, paths: Sequence[str]) -> dict[str, Any]:
    """What became of some files of a mini-batch in the job, as fields of a Replay."""
    if facts is None:
        return {"in_job": "not tried"}
    faults = {facts.faults[failed.fault]: None for failed in facts.failed if failed.path in paths}
    return {"in_job": "failed" if faults else "scored", "faults_in_job": tuple(faults)}


class _Process:
    """The process of a replay, and the files that it is told and tells by."""

    def __init__(self, launch: Launch, scratch: Path, timeout: float) -> None:
        self._launch, self._timeout = launch, timeout
        self._spool, self._folder, self._own_files = scratch / "rows", scratch / "working", scratch / "files"
        self._requests, self._replies, self._stack = (scratch / name for name in ("requests", "replies", "stack"))
        self._ended = 0

    def run(self, mini_batch: int, paths: list[str], relative_paths: Sequence[str], *, debug: bool) -> None:
        """Run the program to its end. Raises: ScriptError when it cannot be started."""
        for folder in (self._folder, self._own_files):
            folder.mkdir()
        score = self._launch.score_request(mini_batch, paths, str(self._spool), relative_paths)
        requests = [self._launch.load_request(), score]
        self._requests.write_text("".join(f"{json.dumps(each)}\n" for each in requests))
        with ExitStack() as opened:
            files = [(self._requests, "rb"), (self._replies, "wb"), (self._stack, "wb")]
            passed = [opened.enter_context(path.open(mode)).fileno() for path, mode in files]
            self._ended = _wait(self._start(passed, debug=debug), outlasts_ctrl_c=debug)

    def _start(self, passed: list[int], *, debug: bool) -> "subprocess.Popen[bytes]":
        launch = self._launch
        told = [*passed, launch.init_timeout, self._timeout, int(debug)]
        command = [launch.python, str(PROGRAM), *map(str, told)]
        environment = launch.environment(str(self._own_files))
        try:
            return subprocess.Popen(command, pass_fds=passed, cwd=self._folder, env=environment)
        except OSError as error:
            raise ScriptError(f"cannot start {launch.python}: {error.strerror}") from error

    def came_to(self, files: int) -> dict[str, Any]:
        """What the process told, or why it told nothing, as fields of a Replay."""
        told = [json.loads(line) for line in self._replies.read_bytes().splitlines()]
        kinds = {each["kind"]: each for each in told}
        if "raised" in kinds:
            raised = kinds["raised"]
            return {"stage": raised["stage"], "fault": device_memory.named(Fault.from_child(raised["error"]))}
        if "unkept" in kinds:
            raise SpoolError(str(self._spool), kinds["unkept"]["reason"])
        if "scored" in kinds:
            return self._rows(kinds["scored"], files)
        stage: Stage = "run" if "ready" in kinds else "init"
        return {"stage": stage, "fault": self._fault(stage)}

    def _rows(self, told: dict[str, Any], files: int) -> dict[str, Any]:
        scored = scored_of(told)
        data = self._spool.read_bytes() if self._spool.exists() else b""
        rows = split_rows(data, self._launch.layout, scored.rows) or data.splitlines(keepends=True)
        first = tuple(row.decode(errors="replace").rstrip("\n") for row in rows[:ROWS_SHOWN])
        fault = next(iter(failed_files(files, scored).values()), None)
        return {"fault": fault, "rows": scored.rows, "columns": scored.columns, "first_rows": first}

    def _fault(self, stage: Stage) -> Fault:
        """Why the process ended without a word: its deadline, or a crash."""
        stack = self._stack.read_text(errors="replace")
        if not OVERDUE.search(stack):
            status = -self._ended if self._ended < 0 else self._ended << 8
            return fault_of(json.dumps({"status": status}).encode(), stack, self._launch.code)
        limit = f"{self._timeout:g} s (settings.retry_settings.timeout)"
        if stage != "run":
            limit = f"{self._launch.init_timeout:g} s (settings.init_timeout)"
        message = f"{'run()' if stage == 'run' else 'import and init()'} took longer than {limit}"
        return Fault(error="timeout", message=message, where=where_in(stack, self._launch.code), traceback=stack)


def _wait(process: "subprocess.Popen[bytes]", *, outlasts_ctrl_c: bool) -> int:
    """Wait for the end of a process that shares our terminal; its exit code, or minus the signal that ended it.

    Ctrl-C reaches both of us: a debugger goes on after it, anything else is ended.
    """
    try:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                if not outlasts_ctrl_c:
                    with suppress(subprocess.TimeoutExpired):
                        process.wait(PATIENCE)
                    raise
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
