"""The scoring script for models that need none of their own: where it lies, and which models those are."""

from pathlib import Path

from scoring.ready.batchpoint_ready import kinds

CODE = Path(__file__).parent / "ready"
"""A code folder, as a user's; it is copied with each deployment that has no other."""

SCRIPT = "batchpoint_ready/driver.py"


SAVED_BY_MLFLOW = "mlflow_model"


def check(path: Path) -> None:
    """See that the model in a file or folder, which MLflow did not save, is of a kind that needs no script.

    Raises: ValueError, which says what it holds instead.
    """
    kinds.find(str(path))
