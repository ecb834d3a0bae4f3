"""Reads each file, has the model predict what is in it, and gives a row for each prediction.

It runs under the deployment's own interpreter, Python 3.8 or later, with what the model brings. A file that cannot be
read, or does not fit the model, is given up at once; whatever else is raised fails the mini-batch, as of any script.
"""

import json
import os
from functools import partial
from itertools import groupby

import numpy

from . import model
from .images import Images
from .predictions import frame_of
from .reading import is_image, read
from .tables import DoesNotFitError

UNREADABLE = (ValueError, OSError, SyntaxError)
"""What pandas, pyarrow and Pillow raise for a file that is broken; OSErrors of theirs have no number."""


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
        for frame in self._frames(zip(mini_batch, context.relative_paths), context.give_up):
            if is_azure:
                yield from azure_lines(frame)
            else:
                yield frame

    def _frames(self, files, give_up):
        for are_images, group in groupby(files, lambda file: is_image(file[0])):
            if are_images:
                yield from self._of_images(group, give_up)
            else:
                for path, name in group:
                    yield from self._of_table(path, name, give_up)

    def _of_table(self, path, name, give_up):
        """Rows of a table that go out cannot be taken back: only one whose first rows are of no use is given up."""
        chunks = read(path, int(os.environ["BATCHPOINT_ROWS_PER_CHUNK"]))
        begun = _unless_unreadable(lambda: next(chunks), path, give_up)
        if begun is None:
            return
        try:
            frame = self._predicted(begun, name)
        except DoesNotFitError as error:
            give_up(path, error)
            return
        yield frame
        for chunk in chunks:
            yield self._predicted(chunk, name)

    def _predicted(self, chunk, name):
        first, frame = chunk
        return frame_of(self._model.predict(frame), [name] * len(frame), range(first, first + len(frame)))

    def _of_images(self, files, give_up):
        """Neighbouring images of one shape are predicted together."""
        tried = ((*file, _unless_unreadable(partial(self._images.read, file[0]), file[0], give_up)) for file in files)
        usable = (one for one in tried if one[2] is not None)
        for _, alike in groupby(usable, lambda one: (one[2].shape, one[2].dtype)):
            paths, names, images = zip(*alike)
            most = getattr(self._model, "images_at_once", len(names))
            for at in range(0, len(names), most):
                together = slice(at, at + most)
                try:
                    predicted = self._model.predict(numpy.stack(images[together]))
                except DoesNotFitError as error:
                    for path in paths[together]:
                        give_up(path, error)  # they are of one shape
                else:
                    yield frame_of(predicted, names[together])


def _unless_unreadable(read_one, path, give_up):
    """What is read; None of a file that is not what its name says, which is given up."""
    try:
        return read_one()
    except UNREADABLE as error:
        if getattr(error, "errno", None) is not None:
            raise  # the disk's word, not the file's
        give_up(path, error)
        return None


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
