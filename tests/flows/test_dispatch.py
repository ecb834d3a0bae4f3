"""Task runs on their way to a cluster all come to an outcome."""

from distributed import Client, LocalCluster

from flows.dispatch import Dispatch, Sent
from flows.places import Place
from scoring.environments.errors import BuildFailedError


def test_all_task_runs_hear_why_places_cannot_be_prepared_those_that_come_later_too() -> None:
    def fail(place: Place) -> None:
        raise BuildFailedError("environment torch 1", "pip ended with exit code 1")

    loopback = {"dashboard_address": "127.0.0.1:0", "worker_dashboard_address": "127.0.0.1:0"}
    with LocalCluster(1, threads_per_worker=1, processes=False, **loopback) as cluster, Client(cluster) as client:
        dispatch = Dispatch(client, 1, fail)
        for name in ("first", "later"):
            sent = Sent(name, lambda place, deaths: None, [])
            dispatch.submit(sent)
            assert isinstance(sent.exception(timeout=20), BuildFailedError)
        dispatch.close()
