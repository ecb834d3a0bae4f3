"""Reads each file, has the model predict what is in it, and gives a row for each prediction.

It runs under the deployment's own interpreter, Python 3.8 or later, with what the model brings. A file that cannot be
read or predicted raises, and so costs itself alone: isolation finds it, as it does for any script.
"""

import json
import os
from itertools import groupby

import numpy

from . import model
from .images import Images
from .predictions import frame_of
from .reading import is_image, read


class Driver:
    """init() and run() of a scoring script, around what loads a model."""

    def __init__(self, load):
        """Begin; `load` is given the model's file or folder, and returns something with `predict(batch)`."""
        self._load = load

    def init(self):
        """Load the model. Raises: what loading it raises; TypeError for what does not predict."""
        self._model = self._load(_only_child(os.environ.get("AZUREML_MODEL_DIR")))
        if not callable(getattr(self._model, "predict", None)):
            raise TypeError("load() returned a %s, which has no predict(batch)" % type(self._model).__name__)
        self._images = Images(json.loads(os.environ["BATCHPOINT_IMAGES"]), getattr(self._model, "images", None))

    def run(self, mini_batch, context):
        """Yield frames: file, row (in a table), and what the model predicts."""
        is_azure = os.environ["BATCHPOINT_LAYOUT"] == "azureml"
        for files, rows, batch in self._batches(zip(mini_batch, context.relative_paths)):
            frame = frame_of(self._model.predict(batch), files, rows)
            if is_azure:
                yield from azure_lines(frame)
            else:
                yield frame

    def _batches(self, files):
        """What each call of the model is given, with the file of each row, and its number where that is a table."""
        rows_per_chunk = int(os.environ["BATCHPOINT_ROWS_PER_CHUNK"])
        for are_images, group in groupby(files, lambda file: is_image(file[0])):
            if are_images:
                yield from self._stacks(group)
                continue
            for path, name in group:
                for first, frame in read(path, rows_per_chunk):
                    yield [name] * len(frame), range(first, first + len(frame)), frame

    def _stacks(self, files):
        """Neighbouring images of one shape together."""
        read_ones = ((name, self._images.read(path)) for path, name in files)
        for _, alike in groupby(read_ones, lambda one: (one[1].shape, one[1].dtype)):
            names, images = zip(*alike)
            most = getattr(self._model, "images_at_once", len(names))
            for at in range(0, len(names), most):
                yield names[at : at + most], None, numpy.stack(images[at : at + most])


def azure_lines(frame):
    """Azure's rows: the file's base name comes last, commas between, no header (azure-semantics 5)."""
    last = frame.pop("file").map(os.path.basename)
    return frame.assign(file=last).to_csv(header=False, index=False).splitlines()


def _only_child(folder):
    """What was registered lies alone in its folder."""
    if folder is None:
        raise ValueError("there is no model to load; name one")
    (name,) = os.listdir(folder)
    return os.path.join(folder, name)


_driver = Driver(model.load)
init, run = _driver.init, _driver.run
