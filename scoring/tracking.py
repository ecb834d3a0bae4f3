"""A job as a run in a tracking store of MLflow's, into which its scripts log; MLflow is imported for such jobs only."""

import logging
import queue
import threading
from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING, TypeVar, cast

from scoring.errors import SupersededError, TrackingError
from scoring.manifest import Manifest, Tracking
from scoring.settings import Settings

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from scoring.summary import Summary

T = TypeVar("T")
ANYWHERE = "batchpoint"
"""The experiment of jobs that belong to no endpoint."""
PATIENCE = 60.0
"""Seconds that a store has to take a run; MLflow itself would ask one that is not there for four minutes."""
LAST_PATIENCE = 10.0
"""Seconds that it has to hear how a job ended: one that was canceled has half a minute for all it does last."""

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
    run = _ask(uri, lambda client: _create_run(client, manifest), PATIENCE)
    known = Tracking(uri=uri, experiment=_experiment_name(manifest), run=run)
    return manifest.model_copy(update={"tracking": known})


def tracked(manifest: Manifest, work: Callable[[], "Summary"]) -> "Summary":
    """Do a job's work, and tell its run how that ended: FINISHED, FAILED, or KILLED where it was canceled.

    A job that goes on after a while goes on with its run. A store that does not answer at the end costs a warning.
    """
    from scoring.summary import FAILED  # registering a deployment, which looks whether MLflow is there, needs it not

    known = manifest.tracking
    if known is None:
        return work()
    status: str | None = "KILLED"
    try:
        _ask(known.uri, lambda client: client.update_run(known.run, status="RUNNING"), PATIENCE)
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


def _log_counts(client: "MlflowClient", known: Tracking, summary: "Summary") -> None:
    for name in ("scored", "failed"):
        client.log_metric(known.run, f"files_{name}", getattr(summary.files, name))


def _tell(known: Tracking, say: Callable[["MlflowClient"], object]) -> None:
    """Tell the store something of a job whose output is there by now, whether the store hears it or not."""
    try:
        _ask(known.uri, say, LAST_PATIENCE)
    except TrackingError as error:
        log.warning("%s; run %s may not show how the job ended", error, known.run)


def _ask(uri: str, ask: Callable[["MlflowClient"], T], patience: float) -> T:
    """What a store answers. Raises: TrackingError when it refuses, or takes longer than so many seconds."""
    answers: queue.SimpleQueue[tuple[T | None, Exception | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            answers.put((ask(_client(uri)), None))
        except Exception as error:  # noqa: BLE001 - whoever asked raises it
            answers.put((None, error))

    threading.Thread(target=run, name="tracking", daemon=True).start()
    try:
        answer, error = answers.get(timeout=patience)
    except queue.Empty:
        raise TrackingError(uri, f"it has not answered for {patience:g} s") from None
    if error is not None:
        said = str(error).partition("\n")[0]
        raise TrackingError(uri, f"{type(error).__name__}: {said}") from error
    return cast("T", answer)


def _experiment_name(manifest: Manifest) -> str:
    return manifest.endpoint or ANYWHERE


def _create_run(client: "MlflowClient", manifest: Manifest) -> str:
    run = client.create_run(
        _experiment(client, _experiment_name(manifest)),
        run_name=f"{manifest.deployment or ANYWHERE}-{manifest.job[:8]}",
        tags={
            "batchpoint.endpoint": manifest.endpoint,
            "batchpoint.deployment": manifest.deployment,
            "batchpoint.job": manifest.job,
        },
    )
    return str(run.info.run_id)


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
