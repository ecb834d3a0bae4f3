"""From the folder of a model to something that predicts."""

import os

from .mlflow_model import MLflowModel


def load(folder):
    """The model in a folder, or in the one folder that lies in it.

    Returns: something with `predict(data)`, which takes what a file holds, a frame or an image, and `image_shape` and
        `typed(frame)`, which say how the model wants them.
    Raises: ValueError when there is none.
    """
    found = [at for at, _, names in os.walk(folder, followlinks=True) if "MLmodel" in names]
    if not found:
        raise ValueError("no MLmodel file below %s: this is no MLflow model" % folder)
    return MLflowModel(os.path.realpath(min(found, key=len)))
