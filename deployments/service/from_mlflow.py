"""Models that a tracking server or a registry of MLflow keeps, fetched from there."""

import os
from pathlib import Path

from deployments.service.errors import UnusableError

FORMS = ("runs:/", "models:/")


def is_kept_by_mlflow(path: str) -> bool:
    """Whether a path names what MLflow keeps: an artifact of a run, or a registered model."""
    return path.startswith(FORMS)


def fetch(uri: str, folder: Path) -> Path:
    """Copy an artifact, from where MLFLOW_TRACKING_URI says, into a local folder; its path there.

    Raises: UnusableError when MLflow is not installed, or does not give it.
    """
    try:
        from mlflow import artifacts, get_tracking_uri
        from mlflow.exceptions import MlflowException
    except ImportError as error:
        raise UnusableError(
            f"path {uri} is fetched by MLflow, which is not installed; install it: pip install 'batchpoint[mlflow]'"
        ) from error
    if not os.environ.get("MLFLOW_TRACKING_URI"):  # MLflow would make a database in this folder, and look there
        raise UnusableError(f"path {uri} is kept by MLflow; say where that is: export MLFLOW_TRACKING_URI=https://...")
    try:
        return Path(artifacts.download_artifacts(artifact_uri=uri, dst_path=str(folder)))
    except (MlflowException, OSError) as error:
        raise UnusableError(
            f"path {uri} cannot be fetched from {get_tracking_uri()} (MLFLOW_TRACKING_URI): {error}"
        ) from error
