"""Where Prefect keeps task results: in the job's folder, through the saved storage block of its datastore."""

from typing import Any

from prefect import Task
from prefect.client.schemas.objects import State, TaskRun
from prefect.filesystems import LocalFileSystem
from prefect.results import ResultRecord  # type: ignore[attr-defined]

from blocks.result_storage import save_storage
from blocks.specs import Datastore
from flows.paths import job_path
from scoring.storage import Folder


def result_storage(datastore: Datastore) -> LocalFileSystem | str:
    """What a task is told of the block that keeps results in a datastore. Raises: UnusableCredentials.

    Other blocks than a folder's are told by name: a task goes through Dask, which must not carry credentials.
    """
    block = save_storage(datastore)
    if isinstance(block, LocalFileSystem):
        return block
    return f"{block.get_block_type_slug()}/{block._block_document_name}"


def drop_exception(root: str, _task: "Task[..., Any]", _run: TaskRun, state: "State[Any]") -> None:
    """Remove what Prefect keeps of a failed task run: the pickled exception, under a random name beside the jobs.

    Nobody reads it again: what failed, and why, are the facts in the job's folder. `root` is the datastore's.
    """
    record = state.data
    if isinstance(record, ResultRecord):
        Folder(root).remove(str(record.metadata.storage_key))


def result_key(job: str) -> str:
    """Template of a chunk's result key; it is also the cache key, so a chunk that came out clean runs once per job."""
    return f"{job_path(job)}/results/{{parameters[chunk].name}}"
