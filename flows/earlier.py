"""What the output of an endpoint's previous job held, which the report compares a job's own with."""

from itertools import islice
from uuid import UUID

from prefect import get_run_logger, runtime
from prefect.client.orchestration import get_client

from blocks.errors import BlockError
from blocks.store import Store
from flows.access import open_datastores
from flows.datastores import datastore_of
from flows.paths import job_folder
from flows.runs import completed_runs
from scoring.errors import ScoringError
from scoring.report.distributions import Distributions
from scoring.storage import Folder

LOOKED_AT = 3
"""Completed jobs that are asked for one which had rows."""


def earlier_distributions(store: Store) -> Distributions | None:
    """Those of this endpoint's last job that completed with rows; None too where that cannot be read."""
    try:
        return _last(store)
    except (BlockError, ScoringError, ValueError) as error:
        get_run_logger().info("The report compares this job with none: %s", error)
        return None


def _last(store: Store) -> Distributions | None:
    with get_client(sync_client=True) as client:
        for run in islice(completed_runs(client, UUID(str(runtime.deployment.id))), LOOKED_AT):
            datastore = datastore_of(run)
            open_datastores(store, [datastore])
            found = Distributions.read(Folder(job_folder(store, str(run.id), datastore)))
            if found is not None and str(run.id) != str(runtime.flow_run.id):
                return found
    return None
