"""A job as a run in a tracking store of MLflow's, into which its scripts log; MLflow is imported for such jobs only."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from scoring.assemble import FAILED, Summary
from scoring.errors import SupersededError, TrackingError
from scoring.manifest import Manifest, Tracking
from scoring.settings import Settings

if TYPE_CHECKING:
    from mlflow import MlflowClient

ANYWHERE = "batchpoint"
"""The experiment of jobs that belong to no endpoint."""
PATIENCE = 10.0
"""Seconds that the store has to hear how a job ended: one that was canceled has half a minute for all it does last."""

log = logging.getLogger(__name__)


def check_installed(settings: Settings) -> None:
    """See that MLflow is there if it is needed. Raises: TrackingError."""
    if settings.tracking_uri is not None and find_spec("mlflow") is None:
        raise TrackingError(
            settings.tracking_uri, "MLflow is not installed here; install it: pip install 'batchpoint[mlflow]'"
        )


def begin(manifest: Manifest) -> Manifest:
    """The manifest of a job, with the run that was made for it where its settings name a tracking store.

    The run is in the experiment of the endpoint's name; its name and tags tell endpoint, deployment and job.
    Raises: TrackingError.
    """
    uri = manifest.settings.tracking_uri
    if uri is None:
        return manifest
    check_installed(manifest.settings)
    experiment = manifest.endpoint or ANYWHERE
    with _refusing(uri):
        client = _client(uri)
        run = client.create_run(
            _experiment(client, experiment),
            run_name=f"{manifest.deployment or ANYWHERE}-{manifest.job[:8]}",
            tags={
                "batchpoint.endpoint": manifest.endpoint,
                "batchpoint.deployment": manifest.deployment,
                "batchpoint.job": manifest.job,
            },
        )
    return manifest.model_copy(update={"tracking": Tracking(uri=uri, experiment=experiment, run=str(run.info.run_id))})


def tracked(manifest: Manifest, work: Callable[[], Summary]) -> Summary:
    """Do a job's work, and tell its run how that ended: FINISHED, FAILED, or KILLED where it was canceled.

    A job that goes on after a while goes on with its run. A store that does not answer at the end costs a warning.
    """
    known = manifest.tracking
    if known is None:
        return work()
    status: str | None = "KILLED"
    try:
        with _refusing(known.uri):
            _client(known.uri).update_run(known.run, status="RUNNING")
        summary = work()
        status = "FAILED" if summary.state == FAILED else "FINISHED"
        _tell(known, lambda client: _log_counts(client, known, summary))
    except SupersededError:
        status = None  # the job is another run's of the flow, and so is its end
        raise
    except Exception:
        status = "FAILED"
        raise
    finally:
        if status is not None:
            _tell(known, lambda client: client.set_terminated(known.run, status))
    return summary


def _log_counts(client: "MlflowClient", known: Tracking, summary: Summary) -> None:
    for name in ("scored", "failed"):
        client.log_metric(known.run, f"files_{name}", getattr(summary.files, name))


def _tell(known: Tracking, say: Callable[["MlflowClient"], Any]) -> None:
    """Tell the store something, in a thread of its own: the end of a job waits for it only so long."""
    caught: list[BaseException] = []

    def run() -> None:
        try:
            say(_client(known.uri))
        except Exception as error:  # noqa: BLE001 - whatever it is, the job's output is there by now
            caught.append(error)

    thread = threading.Thread(target=run, name="tracking", daemon=True)
    thread.start()
    thread.join(PATIENCE)
    if thread.is_alive() or caught:
        why = caught[0] if caught else f"it has not answered for {PATIENCE:g} s"
        log.warning("%s", TrackingError(known.uri, f"{why}; run {known.run} may not show how the job ended"))


def _experiment(client: "MlflowClient", name: str) -> str:
    from mlflow.exceptions import MlflowException

    found = client.get_experiment_by_name(name)
    if found is None:
        try:
            return str(client.create_experiment(name))
        except MlflowException:
            found = client.get_experiment_by_name(name)  # another job has made it meanwhile
            if found is None:
                raise
    return str(found.experiment_id)


def _client(uri: str) -> "MlflowClient":
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=uri)


@contextmanager
def _refusing(uri: str) -> Iterator[None]:
    """Say of whatever a store raises that it cannot be used. Raises: TrackingError."""
    try:
        yield
    except Exception as error:
        said = str(error).partition("\n")[0]
        raise TrackingError(uri, f"{type(error).__name__}: {said}") from error
