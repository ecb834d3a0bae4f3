"""Memory of a device that ran out, which every framework says in its own way."""

import re

from scoring.facts import Fault

ERROR = "device_memory"
CLASSES = {"OutOfMemoryError", "ResourceExhaustedError"}
"""PyTorch's and CuPy's, and TensorFlow's."""
SAID = re.compile(
    r"(CUDA|HIP) (error: )?out of memory|CUDA failure 2: out of memory|CUBLAS_STATUS_ALLOC_FAILED"
    r"|RESOURCE_EXHAUSTED: Out of memory|bfc_arena.*Failed to allocate memory",
    re.DOTALL,
)
"""What errors of PyTorch, onnxruntime and JAX say whose classes tell nothing."""
OF_THE_MACHINE = re.compile(r"device:CPU|allocator cpu")


def named(fault: Fault) -> Fault:
    """What a script raised; called device_memory where that is what it says, with what to do.

    `retry_on` still knows it by the class that was raised.
    """
    is_said = not CLASSES.isdisjoint(fault.names) or SAID.search(fault.message) is not None
    if not is_said or OF_THE_MACHINE.search(fault.message):
        return fault
    message = (
        "the device has no memory left for this mini-batch; lower mini_batch_size, or max_concurrency_per_instance "
        f"where several slots share a device ({fault.error}: {fault.message.strip()})"
    )
    return fault.model_copy(update={"error": ERROR, "message": message, "bases": (fault.error, *fault.bases)})
