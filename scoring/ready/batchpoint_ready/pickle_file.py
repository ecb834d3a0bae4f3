"""A pickled model with predict(), as of scikit-learn and what is built like it. Unpickling runs code of the file."""

import pickle

import numpy
import pandas

from .images import ImageInput
from .tables import DoesNotFitError


def load(path):
    """The model in a file that pickle or joblib wrote."""
    return PickledModel(_unpickled(path))


def _unpickled(path):
    try:
        import joblib
    except ImportError:
        with open(path, "rb") as file:
            return pickle.load(file)  # noqa: S301 - whoever registers a model may run code here
    return joblib.load(path)


class PickledModel:
    """A fitted estimator as the driver sees it."""

    def __init__(self, model):
        """Take it. Raises: TypeError for what does not predict."""
        if not callable(getattr(model, "predict", None)):
            raise TypeError(
                "the file holds a %s, which has no predict(); write a scoring script" % type(model).__name__
            )
        self._model = model
        self._columns = getattr(model, "feature_names_in_", None)
        self.images = ImageInput((getattr(model, "n_features_in_", None),), "float64")

    def predict(self, batch):
        """What the model says of a frame, or of images, whose pixels are its features.

        Of a classifier a frame: `prediction`, and `probability_CLASS` for each class where it knows them.
        """
        given = self._table(batch) if isinstance(batch, pandas.DataFrame) else batch
        predicted = self._model.predict(given)
        classes = getattr(self._model, "classes_", None)
        if not isinstance(classes, numpy.ndarray) or not hasattr(self._model, "predict_proba"):
            return predicted
        columns = ["probability_%s" % each for each in classes]
        frame = pandas.DataFrame(self._model.predict_proba(given), columns=columns)
        frame.insert(0, "prediction", predicted)
        return frame

    def _table(self, frame):
        if self._columns is None:
            return frame.to_numpy()
        missing = [name for name in self._columns if name not in frame.columns]
        if missing:
            raise DoesNotFitError(
                "column %s, which the model was fitted with, is missing; there are %s"
                % (" and ".join(map(repr, map(str, missing))), ", ".join(map(repr, frame.columns)))
            )
        return frame[list(self._columns)]
