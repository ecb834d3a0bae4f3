"""A program that PyTorch saved: of torch.export, which says what it takes, or of TorchScript, which does not."""

import numpy

from . import kinds
from .images import ImageInput
from .predictions import outputs_as_one, outputs_by_name
from .tables import Input, arrays_of, predict_in


def load(path):
    """The program in a file, on a GPU where there is one."""
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    if kinds.is_torchscript(path):
        return _torchscript(path, device)
    return _exported(path, device)


def _torchscript(path, device):
    import torch

    module = torch.jit.load(path, map_location=device).eval()
    dtypes = [each.dtype for each in module.parameters() if each.is_floating_point()]
    dtype = _name(dtypes[0]) if dtypes else "float32"
    only = Input("input", (None, None), dtype)
    return TorchProgram(module, [only], ImageInput(None, dtype, "channels_first"), device)


def _exported(path, device):
    import torch

    program = torch.export.load(path)
    if device != "cpu":
        from torch.export.passes import move_to_device_pass

        program = move_to_device_pass(program, device)
    values = {node.name: node.meta.get("val") for node in program.graph.nodes if node.op == "placeholder"}
    inputs = [_input(name, values[name]) for name in program.graph_signature.user_inputs if name in values]
    only = inputs[0]
    images = ImageInput(only.shape[1:], only.dtype) if len(inputs) == 1 and len(only.shape) > 1 else None
    return TorchProgram(program.module(), inputs, images, device)


def _input(name, value):
    return Input(name, [each if isinstance(each, int) else None for each in value.shape], _name(value.dtype))


def _name(dtype):
    """A dtype's name; numpy has no bfloat16."""
    return {"bfloat16": "float32"}.get(str(dtype).rpartition(".")[2], str(dtype).rpartition(".")[2])


class TorchProgram:
    """A program as the driver sees it."""

    def __init__(self, module, inputs, images, device):
        """Take the program, what it says of its inputs and of images, and where it runs."""
        self._module, self._inputs, self._device = module, inputs, device
        self.images = images

    def predict(self, batch):
        """What the program says of a frame, or of images: its outputs."""
        arrays = [batch] if isinstance(batch, numpy.ndarray) else arrays_of(batch, self._inputs)
        self._outputs = ()
        predicted = predict_in(self._inputs[0].batch, arrays, self._run)
        return outputs_as_one(dict(zip(self._outputs, predicted)))

    def _run(self, arrays):
        import torch

        with torch.inference_mode():
            given = [torch.from_numpy(numpy.ascontiguousarray(each)).to(self._device) for each in arrays]
            outputs = outputs_by_name(self._module(*given))
        self._outputs = tuple(outputs)
        return [_as_array(each) for each in outputs.values()]


def _as_array(tensor):
    tensor = tensor.detach().cpu()
    return (tensor.float() if str(tensor.dtype) == "torch.bfloat16" else tensor).numpy()
