"""Raises what frameworks raise when a device has no memory left, on mini-batches of more than one file."""

import os

ANNOUNCED = os.environ.get("RAISES", "torch")


class OutOfMemoryError(RuntimeError):
    """As torch.OutOfMemoryError, by name and bases."""


class ResourceExhaustedError(Exception):
    """As TensorFlow's."""


def out_of_memory():
    if ANNOUNCED == "torch":
        return OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
    if ANNOUNCED == "tensorflow":
        return ResourceExhaustedError("OOM when allocating tensor on /job:localhost/device:GPU:0 by allocator GPU_0")
    if ANNOUNCED == "runtime":
        return RuntimeError("CUDA error: out of memory")
    return ResourceExhaustedError("OOM when allocating tensor on /job:localhost/device:CPU:0 by allocator cpu")


def run(mini_batch):
    print("process", os.getpid())
    if len(mini_batch) > 1:
        raise out_of_memory()  # here
    return [os.getpid() for _ in mini_batch]
