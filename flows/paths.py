"""Where things lie: azureml:// references as URLs, and the folders of a job."""

import re
from pathlib import PurePath

from blocks.errors import UnclearReference
from blocks.names import JOBS, same_name
from blocks.overrides import Overrides
from blocks.references import find_asset
from blocks.specs import Compute, Data, Datastore, Endpoint
from blocks.store import Store
from flows.errors import JobRefusedError
from scoring.access import lies_in
from scoring.storage import as_url

DEFAULT_DATASTORE = "workspaceblobstore"
OUTPUT = "score"
# The short form, and the long one that names subscription, resource group and workspace before it.
IN_DATASTORE = re.compile(
    r"(?:azureml:/(?:/?subscriptions/.*)?|/subscriptions/.*)/datastores/(?P<store>[^/]+)/paths(?P<path>/.*)?$",
    re.IGNORECASE,
)


def resolve_url(store: Store, text: str) -> str:
    """The URL or absolute local path that a user's path means.

    Args:
        store: where datastores are looked up.
        text: azureml://datastores/NAME/paths/PATH, a data asset such as azureml:NAME:VERSION, any URL, or an absolute
            local path.
    Raises: JobRefusedError for a relative path or another azureml: form; NotRegistered for a datastore or a data
        asset that is not there.
    Source: azure-semantics 3.1.
    """
    if found := IN_DATASTORE.match(text):
        datastore = store.get(Datastore, found["store"])
        below = (found["path"] or "").strip("/")
        if ".." in PurePath(below).parts:
            raise JobRefusedError(f"{text} leaves its datastore; a path inside a datastore has no ..")
        root = as_url(datastore.root)
        return f"{root}/{below}" if below else root
    if names_data_asset(text):
        return resolve_url(store, find_data(store, text).path)
    if "://" in text or PurePath(text).is_absolute():
        return as_url(text)
    raise JobRefusedError(
        f"{text!r} is a relative path, and the job runs in another folder; give an absolute path, a URL, or "
        "azureml://datastores/NAME/paths/PATH"
    )


def is_out_of_reach(store: Store, url: str, compute: Compute) -> bool:
    """Whether an input is of this machine, and its compute finds only what lies in datastores.

    Args:
        store: where datastores are looked up.
        url: the input's URL, or its absolute local path.
        compute: where it is to be scored.
    """
    if compute.shares_files or "://" in url:
        return False
    return not any(lies_in(url, as_url(datastore.root)) for datastore in store.list(Datastore))


def names_data_asset(text: str) -> bool:
    """Whether a user's path is a reference to a data asset."""
    return text.startswith(("azureml:", "/subscriptions/")) and not IN_DATASTORE.match(text)


def find_data(store: Store, text: str) -> Data:
    """The data asset that a user's path refers to. Raises: JobRefusedError for another form; NotRegistered."""
    try:
        return find_asset(store, Data, text)
    except UnclearReference:
        raise JobRefusedError(
            f"{text} is no path; write azureml://datastores/NAME/paths/PATH, a URL, an absolute path, or a data asset "
            "as azureml:NAME:VERSION or azureml:NAME@latest"
        ) from None


def choose_datastore(store: Store, endpoint: Endpoint, settings: Overrides | None) -> str:
    """Name of the datastore for the folder of a new job: the job's own choice, else its endpoint's, else the default.

    Raises: NotRegistered.
    """
    own = settings.datastore if settings is not None else None
    wanted = own or endpoint.datastore or DEFAULT_DATASTORE
    return DEFAULT_DATASTORE if same_name(wanted, DEFAULT_DATASTORE) else store.get(Datastore, wanted).name


def job_path(job_id: str) -> str:
    """A job's folder, relative to its datastore."""
    return f"{JOBS}/{job_id}"


def job_folder(store: Store, job_id: str, datastore: str = DEFAULT_DATASTORE) -> str:
    """URL of a job's folder in a datastore: manifest, listing, parts, results, logs. Raises: NotRegistered."""
    return f"{as_url(store.get(Datastore, datastore).root)}/{job_path(job_id)}"


def output_folder(store: Store, job_id: str, output: str | None, datastore: str = DEFAULT_DATASTORE) -> str:
    """URL of the folder for a job's predictions, failures and summary: the one named, else one in the job's own."""
    return resolve_url(store, output) if output else f"{job_folder(store, job_id, datastore)}/{OUTPUT}"
