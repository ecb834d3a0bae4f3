"""What a job wrote, as local files, laid out as Azure's CLI lays them out."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from prefect.client.orchestration import SyncPrefectClient

from blocks.store import Store
from deployments.service.errors import ConflictError, UnusableError
from deployments.service.job_files import folder_of, manifest_of, summary_of
from deployments.service.job_records import Job
from deployments.service.jobs import read
from flows.paths import OUTPUT
from scoring.finding import find
from scoring.input_file import InputFile, Unreadable
from scoring.manifest import MANIFEST
from scoring.relay import LOGS, slot_logs
from scoring.storage import Folder


def download(store: Store, client: SyncPrefectClient, name: str, target: Path, output: str = OUTPUT) -> list[Path]:
    """Copy what a job wrote into `target`/named-outputs/score/, each file whole; what is there already is replaced.

    Returns: the files, the rows' last.
    Raises: JobNotFoundError; UnusableError for another output than `score` or a folder that can't be written;
        ConflictError while the job runs, or when it left no output.
    """
    if output != OUTPUT:
        raise UnusableError(f"a job has no output {output!r}; its only one is {OUTPUT!r}")
    job = _ended(client, name)
    written = _output(store, job, target)
    if not written:
        raise ConflictError(f"job {job.name!r} left no output; it ended {job.status}: {job.state_message}")
    return written


def download_all(store: Store, client: SyncPrefectClient, name: str, target: Path) -> list[Path]:
    """Copy a job's output as `download` does, if it left any, and its manifest and logs into `target`/artifacts/.

    Returns: the files. Raises: JobNotFoundError; UnusableError; ConflictError while the job runs, or when it left
        nothing.
    """
    job = _ended(client, name)
    folder = folder_of(store, job)
    fetched = (_artifacts(folder, target / "artifacts") if folder is not None else []) + _output(store, job, target)
    if not fetched:
        raise ConflictError(f"job {job.name!r} left nothing; it ended {job.status}: {job.state_message}")
    return fetched


def _ended(client: SyncPrefectClient, name: str) -> Job:
    job = read(client, name)
    if not job.has_ended:
        raise ConflictError(
            f"job {job.name!r} is {job.status}; its output is there when it has ended: "
            f"batchpoint job stream --name {job.name}"
        )
    return job


def _output(store: Store, job: Job, target: Path) -> list[Path]:
    """The files of a job's output, copied; none when it left none."""
    manifest = manifest_of(store, job)
    summary = summary_of(store, manifest) if manifest is not None else None
    if manifest is None or summary is None:
        return []
    source, folder = Folder(manifest.output), target / "named-outputs" / OUTPUT
    return [_fetch(source, folder / each, each) for each in summary.written]


def _artifacts(folder: Folder, target: Path) -> list[Path]:
    """A job's manifest and logs, copied; of each slot one log, as a local job has it."""
    of_slots = {f"{LOGS}/slot-{slot}.log": names for slot, names in slot_logs(folder).items()}
    in_pieces = {name for names in of_slots.values() for name in names}
    logs = [name for each in _files(folder, LOGS) if (name := f"{LOGS}/{each.path}") not in in_pieces]
    kept = [MANIFEST, *logs] if folder.exists(MANIFEST) else logs
    whole = {name: [name] for name in kept} | of_slots
    return [_fetch(folder, target / name, *pieces) for name, pieces in whole.items()]


def _files(folder: Folder, name: str) -> Iterator[InputFile | Unreadable]:
    """The files below a folder inside another, if it is there."""
    return find(folder.folder(name)) if folder.exists(name) else iter(())


def _fetch(source: Folder, path: Path, *names: str) -> Path:
    """Copy a file, or several one behind the other, to a temporary name beside `path`, then rename it."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("wb") as local:
            for name in names:
                _append(source, name, local)
        unfinished.replace(path)
    except OSError as error:
        raise UnusableError(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return path


def _append(source: Folder, name: str, local: BinaryIO) -> None:
    try:
        with source.open(name) as remote:
            shutil.copyfileobj(remote, local, 1 << 20)
    except FileNotFoundError as error:
        raise ConflictError(f"{source.url_of(name)} is gone; the job wrote it, and it was removed since") from error
