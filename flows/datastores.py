"""Which datastore holds a job's folder: a label of its flow run tells whoever looks for the folder."""

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.context import FlowRunContext

from blocks.errors import NotRegistered
from blocks.overrides import Overrides
from blocks.specs import Endpoint
from blocks.store import Store
from flows.paths import DEFAULT_DATASTORE, choose_datastore

DATASTORE = "batchpoint.datastore"
"""Label of a flow run: the datastore that holds the job's folder, where that is not the default one."""


def datastore_of(run: FlowRun) -> str:
    """Name of the datastore that holds the folder of a job, as far as that is settled."""
    return str(run.labels.get(DATASTORE, DEFAULT_DATASTORE))


def settle_datastore(store: Store, endpoint: str, settings: Overrides | None) -> str:
    """Name of the datastore for the folder of this flow run's job; once it has run, another choice moves nothing.

    Raises: NotRegistered.
    """
    context = FlowRunContext.get()
    assert context is not None
    run = context.flow_run
    assert run is not None
    if DATASTORE in run.labels or run.run_count > 1:
        return datastore_of(run)
    try:
        chosen = choose_datastore(store, store.get(Endpoint, endpoint), settings)
    except NotRegistered as error:
        if error.word != Endpoint.word:
            raise
        return DEFAULT_DATASTORE  # the job is about to be refused, with the sentence for that
    if chosen != DEFAULT_DATASTORE:
        with get_client(sync_client=True) as client:
            client.update_flow_run_labels(run.id, {DATASTORE: chosen})
    return chosen
