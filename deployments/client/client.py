"""The client itself: what there is to work on, a noun each."""

import logging

from blocks.specs import Data, Environment
from blocks.store import Store
from deployments.client.assets import Assets
from deployments.client.computes import Computes
from deployments.client.datastores import Datastores
from deployments.client.deployments import Deployments
from deployments.client.endpoints import Endpoints
from deployments.client.environments import Environments
from deployments.client.hooks import Hooks
from deployments.client.jobs import Jobs
from deployments.client.models import Models
from deployments.client.schedules import Schedules
from deployments.client.system import System
from deployments.embedded import connect
from deployments.service import data, environments
from deployments.service.registration import Launcher
from deployments.service.telling import Tell

logger = logging.getLogger(__name__)


class Client:
    """Everything that `batchpoint` does, from Python; nouns, verbs and words are those of the command line.

    Making one finds the Prefect server as every command does, and starts the one of this machine if need be.

    >>> client.computes.create(Compute(name="lab", max_instances=2)).max_instances
    2
    >>> client.batch_endpoints.create(Endpoint(name="letters")).name
    'letters'
    >>> client.batch_deployments.create("deployment.yml", {"endpoint_name": "letters"}, set_default=True).model
    'azureml:words:1'
    >>> job = client.batch_endpoints.invoke("letters", "texts")
    >>> job.deployment_name
    'first'

    What is declared is one of the typed objects (Endpoint, Deployment, Model …) or the path of its YAML; a relative
    path in either begins at the working folder or at the YAML's.

    Args:
        store, launcher: used in place of the server's, as MemoryStore and RecordingLauncher in a test; give both.
        tell: given a sentence that someone should know though all went well; left out, it is logged as a warning.
    Raises: ServerError when no server answers and none can be started.
    """

    def __init__(
        self, store: Store | None = None, launcher: Launcher | None = None, tell: Tell = logger.warning
    ) -> None:
        system = _connected(tell) if store is None or launcher is None else System(store, launcher, tell)
        self.batch_endpoints = Endpoints(system)
        self.batch_deployments = Deployments(system)
        self.models = Models(system)
        self.environments = Environments(system, Environment, environments.create, environments.delete)
        self.data = Assets(system, Data, data.create, data.delete)
        self.datastores = Datastores(system)
        self.computes = Computes(system)
        self.jobs = Jobs(system)
        self.schedules = Schedules(system)
        self.hooks = Hooks(system)


def _connected(tell: Tell) -> System:
    connect()
    from blocks.prefect_store import PrefectStore  # only now does the environment say where the server is
    from deployments.service.prefect_launcher import PrefectLauncher

    return System(PrefectStore(), PrefectLauncher(), tell)
