"""The scoring script for models that need none of their own: where it lies, and which models those are."""

from pathlib import Path

CODE = Path(__file__).parent / "ready"
"""A code folder, as a user's; it is copied with each deployment that has no other."""

SCRIPT = "batchpoint_ready/driver.py"


def scores(model_type: str) -> bool:
    """Whether a type of model can be scored without a script of the user's."""
    return model_type == "mlflow_model"
