"""One input of a job once more, on this machine and in the foreground."""

from prefect.client.orchestration import SyncPrefectClient

from blocks.store import Store
from deployments.service.errors import ConflictError, UnusableError
from deployments.service.job_files import manifest_of
from deployments.service.jobs import read
from flows.access import open_datastores
from scoring.job import Job
from scoring.replay import Replay
from scoring.replay import replay as replay_input
from scoring.replay_input import find_file, find_mini_batch


def replay(
    store: Store,
    client: SyncPrefectClient,
    name: str,
    *,
    file: str | None = None,
    mini_batch: int | None = None,
    debug: bool = False,
) -> Replay:
    """Call init(), and run() with one file or one mini-batch of a job, as the job did; nothing is stored.

    Args:
        store: where the job's datastores are looked up.
        client: the Prefect server's.
        name: the job's name, or its id.
        file: a file's path in the job's input, as failures.jsonl tells it.
        mini_batch: a mini-batch's number, in place of a file.
        debug: lead into pdb where the script raises, and hold no deadline.
    Raises: JobNotFoundError; ConflictError when the job's folder is not there; InputError when the job was not given
        such a file or mini-batch; ScriptError when its script or model is gone.
    """
    if (file is None) == (mini_batch is None):
        raise UnusableError("say what to replay: --file PATH, or --mini-batch NUMBER")
    record = read(client, name)
    manifest = manifest_of(store, record)
    if manifest is None or not (job := Job(manifest)).is_listed:
        raise ConflictError(
            f"job {record.name!r} is {record.status} and has no list of its files: it never came to score, or its "
            "folder was removed"
        )
    open_datastores(store, manifest.datastores)
    chosen = find_file(job, file) if file is not None else find_mini_batch(job, mini_batch or 0)
    return replay_input(job, chosen, debug=debug)
