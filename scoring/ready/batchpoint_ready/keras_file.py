"""A model in a file that Keras wrote, which says what it takes: names, shapes and types of its inputs."""

import os

import numpy

from .images import ImageInput
from .predictions import outputs_as_one, outputs_by_name
from .tables import Input, arrays_of, predict_in

SCALES = ("Rescaling", "Normalization")


def load(path):
    """The model in a file."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow's notices of its own start are no news of the job
    import keras

    return KerasFile(keras.saving.load_model(path, compile=False))


class KerasFile:
    """A Keras model as the driver sees it."""

    def __init__(self, model):
        """Take it."""
        self._model = model
        self._inputs = [Input(each.name, each.shape, str(each.dtype)) for each in model.inputs]
        layers = list(_layers(model))
        layout = next((each.data_format for each in layers if getattr(each, "data_format", None)), None)
        is_scaled = any(type(each).__name__ in SCALES for each in layers)
        only = self._inputs[0]
        is_alone = len(self._inputs) == 1 and len(only.shape) > 1
        self.images = ImageInput(only.shape[1:], only.dtype, layout, is_scaled) if is_alone else None

    def predict(self, batch):
        """What the model says of a frame, or of images: its outputs."""
        arrays = [batch] if isinstance(batch, numpy.ndarray) else arrays_of(batch, self._inputs)
        self._outputs = ()
        predicted = predict_in(self._inputs[0].batch, arrays, self._run)
        return outputs_as_one(dict(zip(self._outputs, predicted)))

    def _run(self, arrays):
        import keras

        returned = self._model(arrays[0] if len(arrays) == 1 else arrays, training=False)
        outputs = outputs_by_name(returned, getattr(self._model, "output_names", ()))
        self._outputs = tuple(outputs)
        return [keras.ops.convert_to_numpy(each) for each in outputs.values()]


def _layers(layer):
    """A layer and all that it is made of."""
    yield layer
    for each in getattr(layer, "layers", ()):
        yield from _layers(each)
