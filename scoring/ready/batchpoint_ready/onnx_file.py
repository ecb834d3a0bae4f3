"""A model in an ONNX file, which says what it takes: names, shapes and types of its inputs."""

import os

import numpy

from .images import ImageInput
from .predictions import outputs_as_one
from .tables import Input, arrays_of, predict_in

TYPES = {"float": "float32", "double": "float64", "string": "object"}
"""What ONNX calls otherwise than numpy."""
PROVIDERS = ("CUDAExecutionProvider", "CPUExecutionProvider")


def load(path):
    """The model in a file."""
    return OnnxFile(path)


class OnnxFile:
    """An ONNX model as the driver sees it."""

    def __init__(self, path):
        """Load it. Raises: what onnxruntime raises; ImportError when it is not installed."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = int(os.environ.get("OMP_NUM_THREADS", "1"))
        options.inter_op_num_threads = 1
        there = onnxruntime.get_available_providers()
        self._session = onnxruntime.InferenceSession(
            path, options, providers=[each for each in PROVIDERS if each in there]
        )
        self._inputs = [_input(each) for each in self._session.get_inputs()]
        self._outputs = [each.name for each in self._session.get_outputs()]
        only = self._inputs[0]
        self.images = ImageInput(only.shape[1:], only.dtype) if _takes_images(self._inputs) else None

    def predict(self, batch):
        """What the model says of a frame, or of images: its outputs."""
        is_image = isinstance(batch, numpy.ndarray)
        arrays = [batch] if is_image else arrays_of(batch, self._inputs)
        predicted = predict_in(self._inputs[0].batch, arrays, self._run)
        return outputs_as_one(dict(zip(self._outputs, predicted)))

    def _run(self, arrays):
        return self._session.run(None, {one.name: array for one, array in zip(self._inputs, arrays)})


def _takes_images(inputs):
    return len(inputs) == 1 and len(inputs[0].shape) > 1 and inputs[0].dtype != "object"


def _input(told):
    kind = told.type.partition("(")[2].rstrip(")")
    return Input(told.name, [each if isinstance(each, int) else None for each in told.shape], TYPES.get(kind, kind))
