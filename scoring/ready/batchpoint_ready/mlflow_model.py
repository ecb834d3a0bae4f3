"""A model that MLflow saved: its python_function flavor predicts, and its signature says what it is given."""

import numpy
import pandas

from .tables import DoesNotFitError

WHOLE = {"integer": "int32", "long": "int64"}


def load(folder):
    """The model in a folder with an MLmodel file."""
    return MLflowModel(folder)


class MLflowModel:
    """An MLflow model as the driver sees it."""

    images_at_once = 1  # as Azure gives them to such models

    def __init__(self, folder):
        """Load the model. Raises: what MLflow raises; ImportError when MLflow is not installed."""
        from mlflow import pyfunc

        self._model = pyfunc.load_model(folder)
        schema = self._model.metadata.get_input_schema()
        self._columns = list(schema.inputs) if schema is not None and not schema.is_tensor_spec() else []
        self._tensors = list(schema.inputs) if schema is not None and schema.is_tensor_spec() else []

    def predict(self, data):
        """What the model says of a frame, or of an image as an array of 1 x height x width x channels."""
        return self._model.predict(self._image(data[0]) if isinstance(data, numpy.ndarray) else self._table(data))

    def _table(self, frame):
        """A frame as the signature has it: its columns, typed. Raises: DoesNotFitError that names the column."""
        if self._tensors:
            return self._as_tensors(frame)
        if not self._columns or not all(column.name for column in self._columns):
            return frame
        missing = [one.name for one in self._columns if one.required and one.name not in frame.columns]
        if missing:
            raise DoesNotFitError(
                "column %s of the model's signature is missing; there are %s"
                % (" and ".join(map(repr, missing)), ", ".join(map(repr, frame.columns)))
            )
        here = [one for one in self._columns if one.name in frame.columns]
        return pandas.DataFrame({one.name: _typed(frame[one.name], one) for one in here}, index=frame.index)

    def _as_tensors(self, frame):
        if len(self._tensors) == 1 and self._tensors[0].name is None:
            return frame.to_numpy(dtype=self._tensors[0].type)
        missing = [one.name for one in self._tensors if one.name not in frame.columns]
        if missing:
            raise DoesNotFitError("column %s of the model's signature is missing" % " and ".join(map(repr, missing)))
        return {one.name: numpy.stack(frame[one.name].to_list()).astype(one.type) for one in self._tensors}

    def _image(self, image):
        """An image as a batch of one, in the type and shape of the signature."""
        if self._columns:
            raise DoesNotFitError("the model's signature has columns, and this is an image; such a model takes tables")
        if not self._tensors:
            return image[None]
        spec = self._tensors[0]
        wanted = tuple(spec.shape[1:])
        batch = image[None] if _fits(image.shape, wanted) else _reshaped(image, wanted)
        batch = batch.astype(spec.type)
        return batch if spec.name is None else {spec.name: batch}


def _fits(shape, wanted):
    return len(shape) == len(wanted) and all(each in (-1, have) for have, each in zip(shape, wanted))


def _reshaped(image, wanted):
    size = [len_ for len_ in wanted if len_ != -1]
    if wanted.count(-1) > 1 or not size or image.size % int(numpy.prod(size)):
        raise DoesNotFitError("the image is %s, and the model wants %s" % (_by(image.shape), _by(wanted)))
    try:
        return image.reshape((1, *wanted))
    except ValueError:
        raise DoesNotFitError("the image is %s, and the model wants %s" % (_by(image.shape), _by(wanted))) from None


def _by(shape):
    return " x ".join("any" if each == -1 else str(each) for each in shape)


def _typed(values, column):
    """A column in its signature's type; MLflow itself converts only where nothing can be lost."""
    kind = getattr(column.type, "name", "object")
    try:
        if kind in WHOLE:
            return _whole(values, WHOLE[kind])
        if kind in ("double", "float"):
            return values.astype("float64" if kind == "double" else "float32")
        if kind == "string":
            return values.where(values.isna(), values.astype(str))
        if kind == "datetime":
            return pandas.to_datetime(values)
    except (TypeError, ValueError) as error:
        raise DoesNotFitError(
            "column %r is no %s, as the model's signature has it: %s" % (column.name, kind, error)
        ) from error
    return values


def _whole(values, dtype):
    numbers = pandas.to_numeric(values)
    if numbers.isna().any():
        raise DoesNotFitError("a value is missing")
    whole = numbers.astype(dtype)
    if not (whole == numbers).all():
        raise DoesNotFitError("%s would change" % numbers[whole != numbers].iloc[0])
    return whole
