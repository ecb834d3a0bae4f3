"""Where Prefect keeps task results: in the job's folder, through a saved storage block of its datastore."""

from pathlib import Path
from typing import Any

from prefect import Task
from prefect.client.schemas.objects import State, TaskRun
from prefect.filesystems import LocalFileSystem
from prefect.results import ResultRecord  # type: ignore[attr-defined]

from blocks.names import block_name
from blocks.specs import Datastore
from blocks.store import Store
from flows.paths import DEFAULT_DATASTORE, job_path
from scoring.storage import as_url


def result_storage(store: Store) -> LocalFileSystem:
    """The saved block through which results of jobs are kept on the default datastore; saved at first use.

    It must be saved: Prefect's Retry finds results again by the block's id.
    """
    name = f"results-{block_name(DEFAULT_DATASTORE)}"
    root = as_url(store.get(Datastore, DEFAULT_DATASTORE).root)
    try:
        block = LocalFileSystem.load(name)
    except ValueError:  # what Prefect raises for a block that is not there
        block = None
    if not isinstance(block, LocalFileSystem) or block.basepath != root:
        block = LocalFileSystem(basepath=root)
        block.save(name, overwrite=True)
    return block


def drop_exception(task: "Task[..., Any]", _run: TaskRun, state: "State[Any]") -> None:
    """Remove what Prefect keeps of a failed task run: the pickled exception, under a random name beside the jobs.

    Nobody reads it again: what failed, and why, are the facts in the job's folder.
    """
    storage, record = task.result_storage, state.data
    if isinstance(storage, LocalFileSystem) and isinstance(record, ResultRecord):
        key = str(record.metadata.storage_key)
        (Path(str(storage.basepath)) / key).unlink(missing_ok=True)


def result_key(job: str) -> str:
    """Template of a chunk's result key; it is also the cache key, so a chunk that came out clean runs once per job."""
    return f"{job_path(job)}/results/{{parameters[chunk].name}}"
