"""From the files of a model to something that predicts.

What `load()` returns has `predict(batch)`, and may say of images what it wants of them: `images`, an ImageInput, and
`images_at_once`, the most that one call takes. A batch is a frame, or images in an array whose first axis counts them.
"""

import os
from importlib import import_module

from . import kinds


def load(path):
    """The model in a file or folder.

    Raises: ValueError when there is none of a kind that is known; ImportError when its package is not installed; what
        that package raises.
    """
    saved_by_mlflow = [at for at, _, names in os.walk(path, followlinks=True) if "MLmodel" in names]
    file = min(saved_by_mlflow, key=len) if saved_by_mlflow else _find(path)
    reader = "mlflow_model" if saved_by_mlflow else kinds.reader_of(file)
    try:
        return import_module(".%s" % reader, __package__).load(os.path.realpath(file))
    except ImportError as error:
        raise ImportError(
            "%s, which the model %s needs; add what is missing to the deployment's environment"
            % (error, os.path.basename(file))
        ) from error


def _find(path):
    try:
        return kinds.find(path)
    except ValueError as error:
        raise ValueError("the model %s" % error) from None
